import Database

extension PostgresFunctions {
    /// Bytes of words that a text is searched by with their places, so that phrases are found; the
    /// engine holds a megabyte of both.
    private static let placedBytes = 400_000
    /// Bytes of different words that a longer text is searched by.
    private static let wordBytes = 1_000_000
    /// Of a word.
    private static let wordLimit = 2_000

    /// Words as `unicode61 remove_diacritics 2` has them on SQLite: runs of letters and digits
    /// without their accents, in any case.
    static let search: [String] = [
        function(
            "gt_plain(text)", "pg_catalog.text",
            """
            SELECT regexp_replace(lower(regexp_replace(normalize($1, NFD) COLLATE "und-x-icu", \
            '[\\u0300-\\u036f]+', '', 'g')), '[^[:alnum:]]+', ' ', 'g')
            """, language: "sql", kind: takingNull),
        function(
            "gt_words(text)", "tsvector",
            """
            DECLARE plain text := coalesce(gt_plain($1), '');
            BEGIN
            IF octet_length(plain) <= \(placedBytes) THEN \
            RETURN to_tsvector('simple', plain); END IF;
            RETURN array_to_tsvector(ARRAY(SELECT word FROM (
            SELECT word, sum(octet_length(word)) OVER (ORDER BY min(place)) AS total
            FROM string_to_table(plain, ' ') WITH ORDINALITY AS w (word, place)
            WHERE octet_length(word) BETWEEN 1 AND \(wordLimit) GROUP BY word
            ) AS k WHERE total <= \(wordBytes)));
            END
            """, kind: takingNull),
        // The words follow one another; with 1 the last is the beginning of one.
        function(
            "gt_phrase(text, integer)", "tsquery",
            """
            DECLARE phrase tsquery := phraseto_tsquery('simple', gt_plain($1));
            BEGIN
            IF $2 = 0 OR numnode(phrase) = 0 THEN RETURN phrase; END IF;
            RETURN (phrase::text || ':*')::tsquery;
            END
            """, kind: takingNull),
    ]
}
