import Database

/// The table `mail_text` of words by the number of their mail, in the words of an engine: letters
/// without their accents, in any case.
struct MailWords {
    static let tableName = "mail_text"

    private let isSQLite: Bool

    init(_ dialect: Dialect) { isSQLite = dialect.isSQLite }

    var table: String {
        isSQLite
            ? """
            create virtual table mail_text using fts5(
                subject, body, tokenize = 'unicode61 remove_diacritics 2');
            """
            : """
            create table mail_text (id bigint primary key, words tsvector not null);
            create index mail_text_words on mail_text using gin (words);
            """
    }

    /// The number of the last mail that is in it.
    var last: String { "select \(id) from mail_text order by \(id) desc limit 1" }

    /// Number, subject, body; a mail that is in it stays.
    var addition: String {
        isSQLite
            ? "insert or ignore into mail_text (rowid, subject, body) values (?, ?, ?)"
            : """
            insert into mail_text (id, words) select ?, to_tsvector('simple',
                regexp_replace(\(plain("m.subject || ' ' || m.body")),
                    '[\\u0001-\\u002f\\u003a-\\u0040\\u005b-\\u0060\\u007b-\\u00bf]+', ' ', 'g'))
            from (select ? as subject, ? as body) as m on conflict (id) do nothing
            """
    }

    var removal: String { "delete from mail_text where \(id) = ?" }

    /// The numbers of the mails that have what `query` asks for.
    var found: String {
        isSQLite
            ? "select rowid from mail_text where mail_text match ?"
            : "select id from mail_text where words @@ to_tsquery('simple', \(plain("?")))"
    }

    /// As the engine takes it: all words of a text, each the beginning of a word; nil where there
    /// is none.
    func query(_ text: String) -> String? {
        let words = text.split { !$0.isLetter && !$0.isNumber }
        guard !words.isEmpty else { return nil }
        return isSQLite
            ? words.map { "\"\($0)\"*" }.joined(separator: " ")
            : words.map { "\($0):*" }.joined(separator: " & ")
    }

    private var id: String { isSQLite ? "rowid" : "id" }

    private func plain(_ text: String) -> String {
        "lower(regexp_replace(normalize(\(text), NFD), '[\\u0300-\\u036f]', '', 'g')"
            + " collate \"und-x-icu\")"
    }
}
