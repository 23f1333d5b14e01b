/// What the kinds of definitions are.
extension Texts {
    static let definitions: [String: (german: String, czech: String)] = [
        """
        A class is a table of records: columns with types, who may do what with which rows, and \
        what a form may be filled with from its address (prefill).
        """: (
            """
            Eine Klasse ist eine Tabelle von Datensätzen: Spalten mit Arten, wer mit welchen \
            Zeilen was darf, und womit ein Formular aus seiner Adresse gefüllt werden darf \
            (prefill).
            """,
            """
            Třída je tabulka záznamů: sloupce s druhy, kdo smí co s kterými řádky a čím lze \
            formulář předvyplnit z adresy (prefill).
            """
        ),
        "A query is SQL over the API views. It answers with the caller's own rights.": (
            """
            Eine Abfrage ist SQL über den API-Sichten. Sie antwortet mit den eigenen Rechten des \
            Aufrufers.
            """,
            "Dotaz je SQL nad pohledy API. Odpovídá s vlastními právy volajícího."
        ),
        """
        A rule acts when a record is opened, inserted, changed or deleted. Names that end in -ing \
        are before the save, in the caller's call; -ed are after it.
        """: (
            """
            Eine Regel handelt, wenn ein Datensatz geöffnet, angelegt, geändert oder gelöscht \
            wird. Namen auf -ing sind vor dem Speichern, im Aufruf selbst; -ed danach.
            """,
            """
            Pravidlo jedná, když se záznam otevře, vloží, změní nebo smaže. Názvy na -ing jsou \
            před uložením, v rámci volání; -ed po něm.
            """
        ),
        """
        A script is the body of a JavaScript function. A string that begins with = is an \
        expression wherever a value stands.
        """: (
            """
            Ein Skript ist der Rumpf einer JavaScript-Funktion. Ein Text, der mit = beginnt, ist \
            überall ein Ausdruck, wo ein Wert steht.
            """,
            """
            Skript je tělo funkce JavaScriptu. Text začínající = je výrazem všude, kde stojí \
            hodnota.
            """
        ),
        """
        An event is what workflows wait for. With web it may be raised by the API and by links in \
        mails; buffer keeps one that comes before anybody waits.
        """: (
            """
            Auf ein Ereignis warten Workflows. Mit web darf es über die API und Links in E-Mails \
            ausgelöst werden; buffer behält eines, das kommt, bevor jemand wartet.
            """,
            """
            Na událost čekají pracovní postupy. S web ji lze vyvolat přes API a odkazy v \
            e-mailech; buffer uchová tu, která přijde dřív, než někdo čeká.
            """
        ),
        """
        A workflow goes from step to step and may wait for days: mail event task condition change \
        script timer http workflow parallel import export sync command raise end.
        """: (
            """
            Ein Workflow geht von Schritt zu Schritt und kann Tage warten: mail event task \
            condition change script timer http workflow parallel import export sync command raise \
            end.
            """,
            """
            Pracovní postup jde krok za krokem a může čekat celé dny: mail event task condition \
            change script timer http workflow parallel import export sync command raise end.
            """
        ),
        """
        A job runs by a schedule (cron, in a time zone). What was missed is run once, all of it, \
        or not at all.
        """: (
            """
            Ein Job läuft nach Zeitplan (cron, in einer Zeitzone). Versäumtes wird einmal, ganz \
            oder gar nicht nachgeholt.
            """,
            """
            Úloha běží podle plánu (cron, v časovém pásmu). Zmeškané se provede jednou, vše, nebo \
            vůbec.
            """
        ),
        """
        A mailbox is read into a class: each mail becomes one record, or, as an answer, changes \
        the one that it is about. Sources: folder imap ews.
        """: (
            """
            Ein Postfach wird in eine Klasse gelesen: jede E-Mail wird ein Datensatz oder ändert, \
            als Antwort, den, um den es geht. Quellen: folder imap ews.
            """,
            """
            Schránka se čte do třídy: každý e-mail se stane záznamem, nebo jako odpověď změní ten, \
            jehož se týká. Zdroje: folder imap ews.
            """
        ),
        """
        A notification is the text of a mail, by language. {{…}} is an expression, and \
        link('event') a link that only the person who has it can use.
        """: (
            """
            Eine Benachrichtigung ist der Text einer E-Mail, nach Sprache. {{…}} ist ein Ausdruck \
            und link('event') ein Link, den nur benutzen kann, wer ihn hat.
            """,
            """
            Oznámení je text e-mailu podle jazyka. {{…}} je výraz a link('event') odkaz, který \
            může použít jen ten, kdo jej má.
            """
        ),
        """
        An import reads files into a class: csv json ndjson xml xlsx. Columns are mapped, keys \
        found, references looked up; a plan shows it before.
        """: (
            """
            Ein Import liest Dateien in eine Klasse: csv json ndjson xml xlsx. Spalten werden \
            zugeordnet, Schlüssel gefunden, Verweise nachgeschlagen; ein Plan zeigt es vorher.
            """,
            """
            Import čte soubory do třídy: csv json ndjson xml xlsx. Sloupce se mapují, klíče \
            hledají, odkazy dohledávají; plán to předem ukáže.
            """
        ),
        """
        An export writes a class, a query or a view as a file, for download, into a folder, to \
        another machine or as a mail.
        """: (
            """
            Ein Export schreibt eine Klasse, eine Abfrage oder eine Sicht als Datei, zum \
            Herunterladen, in einen Ordner, auf einen anderen Rechner oder als E-Mail.
            """,
            """
            Export zapíše třídu, dotaz nebo pohled jako soubor, ke stažení, do složky, na jiný \
            stroj nebo jako e-mail.
            """
        ),
        """
        A synchronization keeps a class and a table of another database the same, and is green \
        only when that was seen.
        """: (
            """
            Eine Synchronisation hält eine Klasse und eine Tabelle einer anderen Datenbank gleich \
            und ist nur grün, wenn das gesehen wurde.
            """,
            """
            Synchronizace drží třídu a tabulku jiné databáze shodné a je zelená, jen když se to \
            ověřilo.
            """
        ),
    ]
}
