//! Where the rows of a sync go: SQLite, PostgreSQL, NDJSON, Parquet, Elasticsearch.
