"""Folders on buckets, through Beam's file systems: gs://, s3://, hdfs:// and whatever is added."""
