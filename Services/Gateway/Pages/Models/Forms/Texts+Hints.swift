/// A word about the members of definitions that need one.
extension Texts {
    private static let hints: [String: Words] = [
        "describe": (
            "{column} stands for a value: #{id} {subject}",
            "{spalte} steht für einen Wert: #{id} {subject}",
            "{sloupec} zastupuje hodnotu: #{id} {subject}"
        ),
        "when": (
            "A condition: =record.subject.includes('urgent')",
            "Eine Bedingung: =record.subject.includes('urgent')",
            "Podmínka: =record.subject.includes('urgent')"
        ),
        "require": (
            "A condition, else it is refused: =record.amount > 0",
            "Eine Bedingung, sonst wird abgelehnt: =record.amount > 0",
            "Podmínka, jinak se odmítne: =record.amount > 0"
        ),
        "do": (
            "A value that begins with = is computed: =record.subject.trim()",
            "Ein Wert mit = am Anfang wird berechnet: =record.subject.trim()",
            "Hodnota začínající = se počítá: =record.subject.trim()"
        ),
        "map": (
            "mail has subject, text, html, from.address, from.name, messageId, date, attachments.",
            "mail hat subject, text, html, from.address, from.name, messageId, date, attachments.",
            "mail má subject, text, html, from.address, from.name, messageId, date, attachments."
        ),
        "mailboxes.source.path": (
            "A folder below mail in the platform's data; mails are put there as .eml files.",
            "Ein Ordner unter mail in den Daten der Plattform; E-Mails liegen dort als .eml.",
            "Složka pod mail v datech platformy; e-maily tam leží jako soubory .eml."
        ),
        "syncs.source.path": (
            "A database file below the platform's data folder.",
            "Eine Datenbankdatei unter dem Datenordner der Plattform.",
            "Databázový soubor pod datovou složkou platformy."
        ),
        "imports.columns": (
            "As: what becomes of the value, =value.trim(). A key finds the record that is there.",
            "Als: was aus dem Wert wird, =value.trim(). Ein Schlüssel findet den Datensatz.",
            "Jako: co se stane s hodnotou, =value.trim(). Klíč najde záznam, který už je."
        ),
        "syncs.key": (
            "Our column, and theirs that is the same.", "Unsere Spalte und dieselbe dort.",
            "Náš sloupec a tentýž tam."
        ),
        "source.password": (
            "secret:name for one that is kept under Secrets.",
            "secret:name für eines unter Geheimnisse.", "secret:name pro heslo z Tajných údajů."
        ),
        "schedule": (
            "Minute, hour, day, month, weekday: 0 3 * * *",
            "Minute, Stunde, Tag, Monat, Wochentag: 0 3 * * *",
            "Minuta, hodina, den, měsíc, den v týdnu: 0 3 * * *"
        ),
        "every": ("30s, 5m, 1h", "30s, 5m, 1h", "30s, 5m, 1h"), "buffer": ("7d", "7d", "7d"),
        "text": (
            "{{record.column}} stands for a value.", "{{record.spalte}} steht für einen Wert.",
            "{{record.sloupec}} zastupuje hodnotu."
        ),
        "html": (
            "Left empty, the mail is plain text.", "Leer ist die E-Mail reiner Text.",
            "Prázdné: e-mail je prostý text."
        ),
        "choices": (
            "A code, or code = name.", "Ein Kürzel, oder Kürzel = Name.", "Kód, nebo kód = název."
        ),
        "value": ("=qty * price", "=qty * price", "=qty * price"),
        "filter": ("status ne 'closed'", "status ne 'closed'", "status ne 'closed'"),
    ]

    func modelHint(_ name: String) -> String? {
        guard let words = Texts.hints[name], !words.0.isEmpty else { return nil }
        return say(words.0, words.1, words.2)
    }
}
