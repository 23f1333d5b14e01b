/// What the API answers, its parts, and why some of them are open to anyone.
extension Texts {
    static let answers: [String: (german: String, czech: String)] = [
        "A page": ("Eine Seite", "Stránka"),
        "A page of accounts": ("Eine Seite Konten", "Stránka účtů"),
        "A page of entries": ("Eine Seite Einträge", "Stránka položek"),
        "A page of events": ("Eine Seite Ereignisse", "Stránka událostí"),
        "A page of firings": ("Eine Seite Auslösungen", "Stránka spuštění"),
        "A page of incidents": ("Eine Seite Störfälle", "Stránka incidentů"),
        "A page of instances": ("Eine Seite Instanzen", "Stránka instancí"),
        "A page of jobs": ("Eine Seite Jobs", "Stránka úloh"),
        "A page of mails": ("Eine Seite E-Mails", "Stránka e-mailů"),
        "A page of records": ("Eine Seite Datensätze", "Stránka záznamů"),
        "A page of roles": ("Eine Seite Rollen", "Stránka rolí"),
        "A page of runs": ("Eine Seite Läufe", "Stránka běhů"),
        "A page of structures": ("Eine Seite Strukturen", "Stránka struktur"),
        "A page of tasks": ("Eine Seite Aufgaben", "Stránka úkolů"),
        "An event each time it moved": (
            "Ein Ereignis bei jeder Bewegung",
            "Událost při každém pohybu"
        ),
        "Applied for the first time": ("Zum ersten Mal angewandt", "Použito poprvé"),
        "Applied; unchanged where it was the same": (
            "Angewandt; unverändert, wo es dasselbe war",
            "Použito; beze změny, kde bylo stejné"
        ),
        "Code, name, version": ("Kürzel, Name, Version", "Kód, název, verze"),
        "How many": ("Wie viele", "Kolik"),
        "How many instances it woke": ("Wie viele Instanzen es weckte", "Kolik instancí probudila"),
        "In order; empty where it is what stands": (
            "Der Reihe nach; leer, wo es schon so ist",
            "V pořadí; prázdné, kde to tak už je"
        ),
        "It": ("Es", "Ono"),
        "It does": ("Er tut es", "Ano"),
        "It has ended": ("Sie ist beendet", "Skončila"),
        "It is deleted": ("Es ist gelöscht", "Je smazán"),
        "It is gone": ("Es ist weg", "Je pryč"),
        "It is kept, sealed": ("Es ist versiegelt aufbewahrt", "Je uchováno, zapečetěné"),
        "It is no longer good": ("Es gilt nicht mehr", "Už neplatí"),
        "It is queued": ("Sie steht in der Warteschlange", "Je ve frontě"),
        "Its entry after that": ("Der Eintrag danach", "Jeho záznam poté"),
        "Its state after that": ("Der Zustand danach", "Jeho stav poté"),
        "Name and time of the last change": (
            "Name und Zeit der letzten Änderung",
            "Název a čas poslední změny"
        ),
        "Name, columns and state of each": (
            "Name, Spalten und Zustand von jeder",
            "Název, sloupce a stav každého"
        ),
        "Subject and texts": ("Betreff und Texte", "Předmět a texty"),
        "The account": ("Das Konto", "Účet"),
        "The account as it stands now": ("Das Konto, wie es jetzt ist", "Účet, jak je nyní"),
        "The account behind the credential": (
            "Das Konto hinter den Zugangsdaten",
            "Účet za přihlašovacími údaji"
        ),
        "The bytes": ("Die Bytes", "Bajty"),
        "The bytes of the range": ("Die Bytes des Bereichs", "Bajty rozsahu"),
        "The chain of reasons": ("Die Kette der Gründe", "Řetěz důvodů"),
        "The changes": ("Die Änderungen", "Změny"),
        "The document": ("Das Dokument", "Dokument"),
        "The file": ("Die Datei", "Soubor"),
        "The incident": ("Der Störfall", "Incident"),
        "The instance": ("Die Instanz", "Instance"),
        "The instance, without steps": ("Die Instanz, ohne Schritte", "Instance, bez kroků"),
        "The lines": ("Die Zeilen", "Řádky"),
        "The link, a path of this host": (
            "Der Link, ein Pfad dieses Servers",
            "Odkaz, cesta tohoto serveru"
        ),
        "The mail": ("Die E-Mail", "E-mail"),
        "The mailbox": ("Das Postfach", "Schránka"),
        "The metrics": ("Die Metriken", "Metriky"),
        "The new account": ("Das neue Konto", "Nový účet"),
        "The new instance": ("Die neue Instanz", "Nová instance"),
        "The new role": ("Die neue Rolle", "Nová role"),
        "The new structure": ("Die neue Struktur", "Nová struktura"),
        "The part that was asked for": ("Der verlangte Teil", "Požadovaná část"),
        "The password is changed": ("Das Kennwort ist geändert", "Heslo je změněno"),
        "The record": ("Der Datensatz", "Záznam"),
        "The record as it stands now": ("Der Datensatz, wie er jetzt ist", "Záznam, jak je nyní"),
        "The record without the file": ("Der Datensatz ohne die Datei", "Záznam bez souboru"),
        "The record, with one file more": (
            "Der Datensatz mit einer Datei mehr",
            "Záznam s dalším souborem"
        ),
        "The record; the file stands in place of another": (
            "Der Datensatz; die Datei steht anstelle einer anderen",
            "Záznam; soubor je na místě jiného"
        ),
        "The role": ("Die Rolle", "Role"),
        "The role as it stands now": ("Die Rolle, wie sie jetzt ist", "Role, jak je nyní"),
        "The rows": ("Die Zeilen", "Řádky"),
        "The rows with their reasons": ("Die Zeilen mit ihren Gründen", "Řádky s důvody"),
        "The run": ("Der Lauf", "Běh"),
        "The run that does it": ("Der Lauf, der es tut", "Běh, který to dělá"),
        "The same, whether there is such an account or not": (
            "Dasselbe, ob es ein solches Konto gibt oder nicht",
            "Totéž, ať takový účet je, nebo není"
        ),
        "The session's token, to be sent as Bearer": (
            "Das Token der Sitzung, als Bearer zu senden",
            "Token relace, posílá se jako Bearer"
        ),
        "The structure": ("Die Struktur", "Struktura"),
        "The structure as it stands now": (
            "Die Struktur, wie sie jetzt ist",
            "Struktura, jak je nyní"
        ),
        "The task": ("Die Aufgabe", "Úkol"),
        "The token is no longer good": ("Das Token gilt nicht mehr", "Token už neplatí"),
        "The view as it stands now": ("Die Sicht, wie sie jetzt ist", "Pohled, jak je nyní"),
        "They have ended": ("Sie sind beendet", "Skončily"),
        "Values by column": ("Werte nach Spalte", "Hodnoty podle sloupce"),
        "What became of each item of the array": (
            "Was aus jedem Element der Liste wurde",
            "Co vzešlo z každé položky pole"
        ),
        "What it returns, or its file": (
            "Was es zurückgibt, oder seine Datei",
            "Co vrátí, nebo jeho soubor"
        ),
        "What was found; `fault` where it is not intact": (
            "Was gefunden wurde; `fault`, wo sie nicht unversehrt ist",
            "Co se našlo; `fault`, kde není neporušený"
        ),
        "What would happen": ("Was geschähe", "Co by se stalo"),
        "Without secrets": ("Ohne Geheimnisse", "Bez tajemství"),
        "`OK: Event 1`: how many instances it woke": (
            "`OK: Event 1`: wie viele Instanzen es weckte",
            "`OK: Event 1`: kolik instancí probudila"
        ),
        "`OK`, or `OK: ` and its result": (
            "`OK`, oder `OK: ` und sein Ergebnis",
            "`OK`, nebo `OK: ` a jeho výsledek"
        ),
        "`token` is the secret, shown this once": (
            "`token` ist das Geheimnis, nur dieses Mal gezeigt",
            "`token` je tajemství, ukázané jen tentokrát"
        ),
        "Log-in and log-out": ("An- und Abmelden", "Přihlášení a odhlášení"),
        "Who the caller is": ("Wer der Aufrufer ist", "Kdo je volající"),
        "The caller's own password": (
            "Das eigene Kennwort des Aufrufers",
            "Vlastní heslo volajícího"
        ),
        "API tokens": ("API-Token", "Tokeny API"),
        "People and service accounts": ("Personen und Dienstkonten", "Lidé a účty služeb"),
        "What accounts may do": ("Was Konten dürfen", "Co účty smějí"),
        "Units, teams and managers": (
            "Einheiten, Teams und Vorgesetzte",
            "Jednotky, týmy a vedoucí"
        ),
        "Why somebody may, or may not": (
            "Warum jemand darf oder nicht",
            "Proč někdo smí, nebo nesmí"
        ),
        "Log-ins and changes of rights": (
            "Anmeldungen und Änderungen von Rechten",
            "Přihlášení a změny práv"
        ),
        "Definitions of applications as documents": (
            "Definitionen von Anwendungen als Dokumente",
            "Definice aplikací jako dokumenty"
        ),
        "What definitions name as `secret:name`": (
            "Was Definitionen als `secret:name` nennen",
            "Co definice uvádějí jako `secret:name`"
        ),
        "The records of classes": ("Die Datensätze der Klassen", "Záznamy tříd"),
        "API views as data": ("API-Sichten als Daten", "Pohledy API jako data"),
        "Queries of models as data": ("Abfragen der Modelle als Daten", "Dotazy modelů jako data"),
        "The chain of all changes": ("Die Kette aller Änderungen", "Řetěz všech změn"),
        "Events from outside": ("Ereignisse von außen", "Události zvenčí"),
        "Starting workflows": ("Workflows starten", "Spouštění pracovních postupů"),
        "What rules did": ("Was Regeln taten", "Co udělala pravidla"),
        "Workflows that run": ("Laufende Workflows", "Běžící pracovní postupy"),
        "What needs a person": ("Was einen Menschen braucht", "Co potřebuje člověka"),
        "The caller's tasks": ("Die Aufgaben des Aufrufers", "Úkoly volajícího"),
        "Schedules": ("Zeitpläne", "Plány"),
        "Rules": ("Regeln", "Pravidla"),
        "Scripts of models": ("Skripte der Modelle", "Skripty modelů"),
        "Outgoing mail and its audit": (
            "Ausgehende E-Mails und ihr Protokoll",
            "Odchozí pošta a její audit"
        ),
        "Incoming mail": ("Eingehende E-Mails", "Příchozí pošta"),
        "Texts of mails": ("Texte von E-Mails", "Texty e-mailů"),
        "Files in": ("Dateien hinein", "Soubory dovnitř"),
        "Files out": ("Dateien hinaus", "Soubory ven"),
        "Synchronizations": ("Synchronisationen", "Synchronizace"),
        "Imports, exports, syncs that run": (
            "Laufende Importe, Exporte, Synchronisationen",
            "Běžící importy, exporty, synchronizace"
        ),
        "URL calls of old systems": ("URL-Aufrufe alter Systeme", "Volání URL ze starých systémů"),
        "Health and description": ("Zustand und Beschreibung", "Stav a popis"),
        "a problem": ("ein Problem", "problém"),
        "a supervisor has no account": ("ein Überwacher hat kein Konto", "dohled nemá účet"),
        "an ended session may be ended once more": (
            "eine beendete Sitzung darf noch einmal beendet werden",
            "ukončenou relaci lze ukončit znovu"
        ),
        "an explanation holds no data": (
            "eine Erklärung enthält keine Daten",
            "vysvětlení neobsahuje data"
        ),
        "it is how one logs in": ("so meldet man sich an", "tak se přihlašuje"),
        "numbers without names; keep it off the internet": (
            "Zahlen ohne Namen; nicht ins Internet stellen",
            "čísla bez jmen; nevystavovat na internet"
        ),
        "the description holds no data": (
            "die Beschreibung enthält keine Daten",
            "popis neobsahuje data"
        ),
        "the link is signed, and its issuer's rights count": (
            "der Link ist signiert, und die Rechte seines Ausstellers gelten",
            "odkaz je podepsaný a platí práva jeho vydavatele"
        ),
        "the link itself is the right to act": (
            "der Link selbst ist das Recht zu handeln",
            "odkaz sám je právem jednat"
        ),
        "the link of the mail is the proof": (
            "der Link der E-Mail ist der Nachweis",
            "odkaz z e-mailu je důkazem"
        ),
        "who forgot it cannot log in": (
            "wer es vergaß, kann sich nicht anmelden",
            "kdo je zapomněl, nemůže se přihlásit"
        ),
        "who forgot the password cannot log in": (
            "wer das Kennwort vergaß, kann sich nicht anmelden",
            "kdo zapomněl heslo, nemůže se přihlásit"
        ),
        "OpenAPI 3.1": ("OpenAPI 3.1", "OpenAPI 3.1"),
        "An SVG document": ("Ein SVG-Dokument", "Dokument SVG"),
    ]
}
