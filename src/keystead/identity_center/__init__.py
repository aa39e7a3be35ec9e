"""Accounts and roles of IAM Identity Center: listing them, and making profiles of them"""
