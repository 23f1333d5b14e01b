import Database

// What computed columns and the checks of other programs' writes call on PostgreSQL. A generated
// column takes only what is the same for the same values ever after, whatever a session is set to;
// and who writes may have another search path, so that none calls another of these.
extension PostgresFunctions {
    static let values = numbers + others + checks

    /// A number that does not fit 64 bits is NaN, and so is what is made of it.
    private static let numbers = [
        function(
            "gt_fit(numeric)", "numeric",
            """
            BEGIN
                IF $1 BETWEEN -9223372036854775808 AND 9223372036854775807 THEN RETURN $1; END IF;
                RETURN 'NaN';
            END
            """),
        // Rounded half away from zero, by twice the rest as on SQLite, where that must fit too.
        function(
            "gt_quotient(numeric, numeric)", "numeric",
            """
            DECLARE
                whole numeric;
                twice numeric;
            BEGIN
                IF $2 = 0 THEN RETURN NULL; END IF;
                whole := div($1, $2);
                twice := $1 % $2 * 2;
                IF whole NOT BETWEEN -9223372036854775808 AND 9223372036854775807
                    OR twice NOT BETWEEN -9223372036854775808 AND 9223372036854775807
                THEN RETURN 'NaN'; END IF;
                RETURN whole + div(twice, $2);
            END
            """),
        function(
            "gt_floor(numeric, numeric)", "numeric",
            "BEGIN RETURN div($1, $2) - CASE WHEN $1 % $2 < 0 THEN 1 ELSE 0 END; END"),
        // Of numbers one of which is empty there is none.
        function(
            "gt_least(VARIADIC numeric[])", "numeric",
            """
            BEGIN
                RETURN (SELECT CASE WHEN count(v) = count(*) THEN min(v) END FROM unnest($1) AS v);
            END
            """, kind: takingNull),
        function(
            "gt_greatest(VARIADIC numeric[])", "numeric",
            """
            BEGIN
                RETURN (SELECT CASE WHEN count(v) = count(*) THEN max(v) END FROM unnest($1) AS v);
            END
            """, kind: takingNull),
        function(
            "gt_decimal(numeric, integer)", "text",
            """
            DECLARE
                digits text := CAST(abs($1) AS text);
            BEGIN
                IF length(digits) <= $2 THEN digits := lpad(digits, $2 + 1, '0'); END IF;
                RETURN CASE WHEN $1 < 0 THEN '-' ELSE '' END
                    || left(digits, -$2) || '.' || right(digits, $2);
            END
            """),
    ]

    private static let others = [
        // Of what is no date yet, and will be refused, there is none.
        function(
            "gt_days(text, text)", "bigint",
            """
            DECLARE
                form text := '^(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-[0-9]{2}';
            BEGIN
                IF $1 !~ form OR $2 !~ form THEN RETURN NULL; END IF;
                RETURN make_date(CAST(substr($2, 1, 4) AS int), CAST(substr($2, 6, 2) AS int), 1)
                    - make_date(CAST(substr($1, 1, 4) AS int), CAST(substr($1, 6, 2) AS int), 1)
                    + CAST(substr($2, 9, 2) AS int) - CAST(substr($1, 9, 2) AS int);
            END
            """),
        function(
            "gt_count(text)", "bigint",
            """
            BEGIN
                RETURN coalesce(json_array_length(CAST($1 AS json)), 0);
            EXCEPTION WHEN data_exception THEN
                RETURN 0;
            END
            """, kind: takingNull),
    ]

    private static let checks =
        [
            ("gt_is_date(text)", "$"),
            ("gt_is_time(text)", "T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\.[0-9]{3}Z$"),
        ].map { signature, end in
            function(
                signature, "boolean",
                """
                DECLARE
                    first date;
                BEGIN
                    IF $1 !~ '^(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])\(end)'
                    THEN RETURN false; END IF;
                    first := make_date(
                        CAST(substr($1, 1, 4) AS int), CAST(substr($1, 6, 2) AS int), 1);
                    RETURN first + CAST(substr($1, 9, 2) AS int) - 1
                        < CAST(first + interval '1 month' AS date);
                END
                """)
        } + [jsonFault]

    /// What PostgreSQL takes for JSON and the service does not: `null`, more than `$2` `levels`,
    /// `half` a pair of surrogates, a `key` twice.
    private static let jsonFault = function(
        "gt_json_fault(text, integer)", "text",
        #"""
        DECLARE
            -- Without the escapes that could hide others: no character of JSON is below a blank.
            bare text := replace($1, '\\', chr(1));
            pair text := '\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}';
            word text := '"(?:[^"\\]|\\.)*"(?:\s*:)?|[][{}]|[^][{}:,"\s]+';
            levels bigint;
            repeats boolean;
        BEGIN
            IF json_typeof(CAST($1 AS json)) = 'null' THEN RETURN 'null'; END IF;
            IF regexp_replace(bare, pair, '', 'g') ~ '\\u[dD][89a-fA-F]' THEN RETURN 'half'; END IF;
            WITH token AS (
                SELECT t.n, t.w[1] AS w
                FROM regexp_matches(bare, word, 'g') WITH ORDINALITY AS t(w, n)
            ), deep AS (
                SELECT n, w, sum(CASE WHEN w IN ('[', '{') THEN 1 WHEN w IN (']', '}') THEN -1
                    ELSE 0 END) OVER (ORDER BY n) AS depth FROM token
            ), key AS (
                SELECT w, max(CASE WHEN w = '{' THEN n END)
                    OVER (PARTITION BY depth ORDER BY n) AS parent
                FROM deep WHERE w = '{' OR right(w, 1) = ':'
            ), name AS (
                SELECT parent, CASE WHEN strpos(w, '\') + strpos(w, chr(1)) = 0
                    THEN rtrim(w, E': \t\n\r')
                    -- No text has U+0000, and a key may.
                    ELSE '"' || (CAST(replace(replace(rtrim(w, E': \t\n\r'), '\u0000',
                        chr(65535)), chr(1), '\\') AS json) #>> '{}') || '"' END AS w
                FROM key WHERE w <> '{'
            )
            SELECT (SELECT max(depth + CASE WHEN w IN ('[', '{', ']', '}') THEN 0 ELSE 1 END)
                FROM deep),
                EXISTS (SELECT 1 FROM name GROUP BY parent, w HAVING count(*) > 1)
            INTO levels, repeats;
            RETURN CASE WHEN levels > $2 THEN 'levels' WHEN repeats THEN 'key' END;
        END
        """#)
}
