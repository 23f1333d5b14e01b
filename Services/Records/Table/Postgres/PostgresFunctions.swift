import Database

/// Functions of Records' schema on PostgreSQL under the names that SQLite has them by, so that one
/// statement serves both. What generated columns and defaults call has only the server's own in it:
/// it runs in sessions of other programs too, whose search path is theirs. The others may call each
/// other: triggers and our sessions have this schema first.
enum PostgresFunctions {
    static let migration = Migration(
        "records-0-functions", "", postgresql: all.joined(separator: ";\n"))

    private static let all = texts + moments + json + arrays + values + search + queries

    /// Of functions that are called with null too.
    static let takingNull = "IMMUTABLE PARALLEL SAFE"

    static func function(
        _ signature: String, _ type: String, _ body: String, language: String = "plpgsql",
        kind: String = "IMMUTABLE STRICT PARALLEL SAFE"
    ) -> String {
        """
        CREATE FUNCTION \(signature) RETURNS \(type) LANGUAGE \(language) \(kind) \
        AS \(Dialect.bodyQuote)
        \(body)
        \(Dialect.bodyQuote)
        """
    }

    /// One that only statements of ours call.
    private static func own(
        _ signature: String, _ type: String, _ body: String, language: String = "sql",
        kind: String = "IMMUTABLE"
    ) -> String {
        function(signature, type, body, language: language, kind: kind)
    }

    private static let texts =
        [
            own("\"instr\"(text, text)", "integer", "SELECT strpos($1, $2)"),
            own("unicode(text)", "integer", "SELECT ascii($1)"),
            own("hex(bytea)", "text", "SELECT upper(encode($1, 'hex'))"),
            own(
                "randomblob(integer)", "bytea",
                "SELECT substring(uuid_send(gen_random_uuid()) FROM 17 - least($1, 6) FOR $1) "
                    + "|| CASE WHEN $1 > 6 THEN substring(uuid_send(gen_random_uuid()) "
                    + "FROM 11 FOR $1 - 6) ELSE '' END", kind: "VOLATILE"),
            // Volatile, or it would be raised when the statement is planned.
            own(
                "gt_raise(text)", "text", "BEGIN RAISE EXCEPTION '%', $1; END",
                language: "plpgsql", kind: "VOLATILE"),
        ]
        + [("bigint", "integer"), ("smallint", "integer"), ("text", "text")].map { type, word in
            own(
                "typeof(\(type))", "text",
                "SELECT CASE WHEN $1 IS NULL THEN 'null' ELSE '\(word)' END")
        }

    /// This moment as it is stored.
    private static let moments = [
        own(
            "strftime(text, text)", "text",
            "SELECT to_char(clock_timestamp() AT TIME ZONE 'utc', "
                + "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')", kind: "VOLATILE")
    ]

    private static let json = [
        own("json(text)", "json", "SELECT $1::json"),
        own(
            "json_valid(text)", "integer",
            """
            BEGIN PERFORM $1::json;
            RETURN CASE WHEN $1 IS NULL THEN 0 ELSE 1 END;
            EXCEPTION WHEN OTHERS THEN RETURN 0; END
            """, language: "plpgsql"),
        own("json_type(text)", "text", "SELECT " + kindSQL("$1::json")),
        own("json_array_length(text)", "integer", "SELECT json_array_length($1::json)"),
        own(
            "json_extract(text, text)", "text",
            "SELECT $1::json #>> string_to_array(replace(substr($2, 3), '\"', ''), '.')"),
        // Without the blanks between its words.
        own(
            "gt_compact(text)", "text",
            #"SELECT regexp_replace($1, '("(?:[^"\\]|\\.)*")|\s+', '\1', 'g')"#),
        """
        CREATE FUNCTION json_each(text) RETURNS TABLE (key "text", value "text", type "text")
        LANGUAGE sql IMMUTABLE STRICT ROWS 10 AS \(Dialect.bodyQuote)
        SELECT CAST(e.n - 1 AS text), CASE json_typeof(e.v) WHEN 'boolean'
        THEN CASE WHEN e.v::text = 'true' THEN '1' ELSE '0' END ELSE e.v #>> '{}' END,
        \(kindSQL("e.v")) FROM json_array_elements($1::json) WITH ORDINALITY AS e (v, n)
        \(Dialect.bodyQuote)
        """,
    ]

    /// The type of a JSON value as SQLite calls it.
    private static func kindSQL(_ value: String) -> String {
        """
        CASE json_typeof(\(value)) WHEN 'string' THEN 'text' WHEN 'number' THEN \
        CASE WHEN (\(value))::text ~ '^-?\\d+$' THEN 'integer' ELSE 'real' END \
        WHEN 'boolean' THEN (\(value))::text ELSE json_typeof(\(value)) END
        """
    }

    private static let arrays =
        [
            own("gt_array_end(text)", "text", "SELECT coalesce($1, '[') || ']'")
        ]
        + [("bigint", "$2::text"), ("text", "to_json($2)::text"), ("json", "$2::text")]
        .flatMap { type, item in
            [
                own(
                    "gt_array_add(text, \(type))", "text",
                    "SELECT coalesce($1 || ',', '[') || coalesce(\(item), 'null')"),
                """
                CREATE AGGREGATE json_group_array(\(type)) (SFUNC = gt_array_add, STYPE = text, \
                FINALFUNC = gt_array_end)
                """,
            ]
        }
}
