"""The bulk job: every photo of a folder or list, classified into a folder of Parquet files."""
