"""Signing in to the AWS console with credentials, by the federation endpoint of AWS"""
