/// What the members of definitions are called, and a word about those that need one.
extension Texts {
    typealias Words = (String, String, String)

    private static let members: [String: Words] = [
        "name": ("Name", "Name", "Název"), "code": ("Code", "Kürzel", "Kód"),
        "describe": ("How a record is called", "Wie ein Datensatz heißt", "Jak se záznam nazývá"),
        "webAccess": (
            "Open on the pages and by the API", "Offen auf Seiten und API",
            "Přístupné na stránkách a přes API"
        ),
        "history": ("Keep the history", "Verlauf führen", "Vést historii"),
        "deletion": ("Deletion", "Löschen", "Mazání"),
        "parent": ("Parent class", "Elternklasse", "Nadřazená třída"),
        "shared": (
            "Shared with other models", "Mit anderen Modellen geteilt", "Sdílená s jinými modely"
        ),
        "prefill": ("Filled from addresses", "Aus Adressen gefüllt", "Předvyplnitelné z adresy"),
        "search": ("Searched columns", "Durchsuchte Spalten", "Prohledávané sloupce"),
        "indexes": ("Indexes", "Indizes", "Indexy"), "unique": ("Unique", "Eindeutig", "Jedinečné"),
        "type": ("Kind", "Art", "Druh"), "required": ("Needed", "Pflicht", "Povinné"),
        "readOnly": (
            "Stays as given at the start", "Bleibt, wie zu Beginn gegeben",
            "Zůstává jako na začátku"
        ),
        "many": ("Several values", "Mehrere Werte", "Více hodnot"),
        "default": ("Default", "Vorgabe", "Výchozí"),
        "multiline": ("Long text", "Langer Text", "Dlouhý text"),
        "min": ("At least", "Mindestens", "Nejméně"),
        "max": ("At most", "Höchstens", "Nejvýše"), "pattern": ("Pattern", "Muster", "Vzor"),
        "scale": ("Decimals", "Nachkommastellen", "Desetinná místa"),
        "choices": ("Choices", "Auswahl", "Volby"),
        "class": ("Class", "Klasse", "Třída"),
        "onDelete": ("When it is deleted", "Wenn es gelöscht wird", "Při smazání"),
        "structure": ("Structure", "Struktur", "Struktura"),
        "value": ("Formula", "Formel", "Vzorec"),
        "format": ("Format", "Format", "Formát"), "start": ("Begins with", "Beginnt mit", "Začíná"),
        "maxBytes": ("Bytes at most", "Höchstens Bytes", "Nejvýše bajtů"),
        "maxFiles": ("Files at most", "Höchstens Dateien", "Nejvýše souborů"),
        "extensions": ("Extensions", "Endungen", "Přípony"), "role": ("Role", "Rolle", "Role"),
        "roles": ("Roles", "Rollen", "Role"),
        "on": ("When", "Wann", "Kdy"), "when": ("Only if", "Nur wenn", "Jen když"),
        "do": ("What it does", "Was sie tut", "Co dělá"),
        "require": ("Must hold", "Muss gelten", "Musí platit"),
        "message": (
            "Message if it does not hold", "Meldung, wenn es nicht gilt", "Hlášení, když neplatí"
        ),
        "order": ("Order", "Reihenfolge", "Pořadí"),
        "source": ("Source", "Quelltext", "Zdrojový text"),
        "include": ("Includes", "Bindet ein", "Zahrnuje"),
        "web": ("Open to the outside", "Von außen offen", "Přístupné zvenčí"),
        "get": (
            "By opening an address too", "Auch durch Öffnen einer Adresse", "I otevřením adresy"
        ),
        "timeout": ("Time limit", "Zeitgrenze", "Časový limit"),
        "runAs": ("Runs as", "Läuft als", "Běží jako"),
        "steps": ("Steps", "Schritte", "Kroky"),
        "buffer": ("Kept for", "Aufbewahrt für", "Uchovat po dobu"),
        "schedule": ("Schedule", "Zeitplan", "Plán"),
        "zone": ("Time zone", "Zeitzone", "Časové pásmo"),
        "overlap": ("If one still runs", "Wenn noch einer läuft", "Když jiný ještě běží"),
        "missed": ("If it was missed", "Wenn er verpasst wurde", "Když byl zmeškán"),
        "onFailure": ("If a step fails", "Wenn ein Schritt scheitert", "Když krok selže"),
        "enabled": ("Switched on", "Eingeschaltet", "Zapnuto"),
        "integration": (
            "Stands still with the kill switch", "Steht still beim Notschalter",
            "Stojí při nouzovém vypnutí"
        ),
        "source.kind": ("Kind of source", "Art der Quelle", "Druh zdroje"),
        "source.path": ("Folder or file", "Ordner oder Datei", "Složka nebo soubor"),
        "source.url": ("Address", "Adresse", "Adresa"),
        "source.user": ("User", "Benutzer", "Uživatel"),
        "source.password": ("Password", "Kennwort", "Heslo"),
        "source.folder": ("Folder there", "Ordner dort", "Složka tam"),
        "source.host": ("Server", "Server", "Server"), "source.port": ("Port", "Port", "Port"),
        "source.database": ("Database", "Datenbank", "Databáze"),
        "source.dsn": ("Data source", "Datenquelle", "Zdroj dat"),
        "source.tls": ("TLS", "TLS", "TLS"), "source.token": ("Token", "Token", "Token"),
        "source.class": ("Class there", "Klasse dort", "Třída tam"),
        "source.table": ("Table", "Tabelle", "Tabulka"),
        "map": ("What goes where", "Was wohin kommt", "Co kam patří"),
        "every": ("Looks every", "Schaut alle", "Kontrola každých"),
        "batch": ("Mails at a time", "E-Mails auf einmal", "E-mailů najednou"),
        "script": ("Script", "Skript", "Skript"),
        "after.move": ("Then moves it to", "Legt sie dann nach", "Pak přesune do"),
        "after.failed": ("If it failed, to", "Wenn es scheitert, nach", "Při chybě do"),
        "automatic": ("Automatic mails", "Automatische E-Mails", "Automatické e-maily"),
        "onReply": ("On an answer", "Bei einer Antwort", "Při odpovědi"),
        "subject": ("Subject", "Betreff", "Předmět"),
        "text": ("Text", "Text", "Text"), "html": ("HTML", "HTML", "HTML"),
        "members": ("Members", "Mitglieder", "Členové"),
        "mode": ("What it does", "Was er tut", "Co dělá"),
        "columns": ("Columns", "Spalten", "Sloupce"),
        "from": ("From", "Von", "Z"), "to": ("Column", "Spalte", "Sloupec"),
        "key": ("Key", "Schlüssel", "Klíč"),
        "as": ("As", "Als", "Jako"),
        "options.separator": ("Separator", "Trennzeichen", "Oddělovač"),
        "options.encoding": ("Encoding", "Kodierung", "Kódování"),
        "options.header": ("First row has names", "Erste Zeile hat Namen", "První řádek má názvy"),
        "rules": ("Rules run", "Regeln laufen", "Pravidla běží"),
        "missing": ("What the file lacks", "Was der Datei fehlt", "Co v souboru chybí"),
        "query": ("Query", "Abfrage", "Dotaz"), "filter": ("Filter", "Filter", "Filtr"),
        "column": ("Column", "Spalte", "Sloupec"),
        "target": ("Target", "Ziel", "Cíl"), "direction": ("Direction", "Richtung", "Směr"),
        "cursor": (
            "Theirs tells changes by", "Änderungen dort erkennbar an", "Změny tam pozná podle"
        ),
        "verify": ("Verify each run", "Jeden Lauf prüfen", "Ověřovat každý běh"),
        "deletes": ("Deletions", "Löschungen", "Mazání"),
        "deleteLimit": (
            "Deletes at most, percent", "Löscht höchstens, Prozent", "Smaže nejvýše, procent"
        ),
        "conflict": ("If both changed", "Wenn beide ändern", "Při změně obou"),
        "sql": ("SQL", "SQL", "SQL"),
        "parameters": ("Parameters", "Parameter", "Parametry"),
        "grants": (
            "Roles that may run it", "Rollen, die sie ausführen dürfen",
            "Role, které jej smějí spustit"
        ),
        "next": ("Then goes to", "Führt dann zu", "Pak vede k"),
        "then": ("If so, goes to", "Wenn ja, weiter zu", "Pokud ano, k"),
        "else": ("If not, goes to", "Wenn nein, weiter zu", "Pokud ne, k"),
        "join": ("All meet at", "Alle treffen sich bei", "Všechny se sejdou u"),
        "branches": ("Branches", "Zweige", "Větve"), "event": ("Event", "Ereignis", "Událost"),
        "notification": ("Notification", "Benachrichtigung", "Oznámení"),
        "cc": ("Copy to", "Kopie an", "Kopie"), "bcc": ("Blind copy to", "Blindkopie an", "Skrytá"),
        "values": ("Values", "Werte", "Hodnoty"), "payload": ("Payload", "Inhalt", "Obsah"),
        "onTimeout": ("After that, goes to", "Danach weiter zu", "Poté vede k"),
        "title": ("Title", "Titel", "Nadpis"), "outcomes": ("Outcomes", "Ergebnisse", "Výsledky"),
        "assignee.role": ("For the role", "Für die Rolle", "Pro roli"),
        "assignee.account": ("For the account", "Für das Konto", "Pro účet"),
        "assignee.unit": ("For the unit", "Für die Einheit", "Pro jednotku"),
        "assignee.structure": ("Of the structure", "Der Struktur", "Ze struktury"),
        "assignee.managerOf": ("For the manager of", "Für Vorgesetzte von", "Pro vedoucího"),
        "escalate.role": ("Overdue, also for", "Überfällig auch für", "Po termínu také pro"),
        "due": ("Due after", "Fällig nach", "Termín za"),
        "onDue": ("Overdue, goes to", "Überfällig weiter zu", "Po termínu vede k"),
        "remind.before": ("Reminds before", "Erinnert vorher", "Připomene předem"),
        "remind.notification": ("By the notification", "Mit Benachrichtigung", "Oznámením"),
        "set": ("Sets", "Setzt", "Nastaví"),
        "wait": ("Waits for", "Wartet", "Čeká"), "until": ("Waits until", "Wartet bis", "Čeká do"),
        "method": ("Method", "Methode", "Metoda"), "url": ("Address", "Adresse", "Adresa"),
        "body": ("Body", "Inhalt", "Tělo"), "headers": ("Headers", "Kopfzeilen", "Hlavičky"),
        "workflow": ("Workflow", "Workflow", "Pracovní postup"),
        "import": ("Import", "Import", "Import"), "export": ("Export", "Export", "Export"),
        "sync": ("Synchronization", "Synchronisation", "Synchronizace"),
        "command": ("Program", "Programm", "Program"),
        "arguments": ("Arguments", "Argumente", "Argumenty"),
        "result": ("Output is kept as", "Ausgabe heißt", "Výstup se uloží jako"),
        "retry.times": ("Tries again", "Versuche danach", "Opakuje se"),
        "retry.backoff": ("After", "Nach", "Po"), "kind": ("Kind", "Art", "Druh"),
    ]

    /// What a member is called; its own name where it has no other.
    func modelMember(_ name: String) -> String {
        guard let words = Texts.members[name] else { return name }
        return say(words.0, words.1, words.2)
    }
}
