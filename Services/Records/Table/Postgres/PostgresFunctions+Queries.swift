import Database

extension PostgresFunctions {
    /// For queries of models, which find them before the server's own of the same names: texts grow
    /// to as much as on SQLite (`Confinement.lengthLimit`) and not to a gigabyte of the server's
    /// memory.
    static let queries: [String] =
        [
            limited(
                "gt_join(text, text)", "octet_length($1) + octet_length($2)",
                "$1 OPERATOR(pg_catalog.||) $2"),
            limited(
                "gt_join(text, anynonarray)", "octet_length($1) + octet_length($2::text)",
                "$1 OPERATOR(pg_catalog.||) $2::text"),
            limited(
                "gt_join(anynonarray, text)", "octet_length($1::text) + octet_length($2)",
                "$1::text OPERATOR(pg_catalog.||) $2"),
            limited(
                "replace(text, text, text)",
                """
                octet_length($1)::bigint + greatest(octet_length($3) - octet_length($2), 0) \
                * ((octet_length($1) - octet_length(pg_catalog.replace($1, $2, '')))::bigint \
                / greatest(octet_length($2), 1))
                """, "pg_catalog.replace($1, $2, $3)"),
            // State, value, what is between.
            limited(
                "gt_string_add(text, text, text)",
                "octet_length($1) + octet_length($2) + coalesce(octet_length($3), 0)",
                """
                CASE WHEN $2 IS NULL THEN $1 WHEN $1 IS NULL THEN $2 \
                ELSE $1 OPERATOR(pg_catalog.||) \
                (coalesce($3, '') OPERATOR(pg_catalog.||) $2) END
                """),
            "CREATE AGGREGATE string_agg(text, text) (SFUNC = gt_string_add, STYPE = text)",
        ]
        + [("text", "text"), ("text", "anynonarray"), ("anynonarray", "text")].map { left, right in
            "CREATE OPERATOR || (LEFTARG = \(left), RIGHTARG = \(right), FUNCTION = gt_join)"
        }

    private static func limited(_ signature: String, _ length: String, _ body: String) -> String {
        function(
            signature, "pg_catalog.text",
            """
            SELECT CASE WHEN \(length) > \(Confinement.lengthLimit) THEN gt_raise(format(\
            'a text has %s bytes, more than \(Confinement.lengthLimit)', \(length))) \
            ELSE \(body) END
            """, language: "sql", kind: takingNull)
    }
}
