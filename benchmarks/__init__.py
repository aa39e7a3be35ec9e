"""How long keystead, botocore and the AWS CLI take on files of 10 to 100,000 profiles."""
