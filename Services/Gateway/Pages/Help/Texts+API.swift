/// What the operations of the API do.
extension Texts {
    static let operations: [String: (german: String, czech: String)] = [
        "A class as another instance copies it": (
            "Eine Klasse, wie eine andere Instanz sie kopiert",
            "Třída, jak ji kopíruje jiná instance"
        ),
        "A file of a record": ("Eine Datei eines Datensatzes", "Soubor záznamu"),
        "A run with its counters": ("Ein Lauf mit seinen Zählern", "Běh s počty"),
        "API views of the classes that the caller may read; of all for who writes models": (
            """
            API-Sichten der Klassen, die der Aufrufer lesen darf; alle für den, der Modelle \
            schreibt
            """,
            "Pohledy API tříd, které volající smí číst; všech pro toho, kdo píše modely"
        ),
        "Accounts in the order of their codes": (
            "Konten in der Reihenfolge ihrer Kürzel",
            "Účty v pořadí kódů"
        ),
        "An account's API tokens": ("Die API-Token eines Kontos", "Tokeny API účtu"),
        "An account's sessions, newest first": (
            "Die Sitzungen eines Kontos, neueste zuerst",
            "Relace účtu, nejnovější první"
        ),
        "Applies a definition: all services or none": (
            "Wendet eine Definition an: alle Dienste oder keiner",
            "Použije definici: všechny služby, nebo žádná"
        ),
        "Begins nothing more until it is resumed; what arrives meanwhile is kept": (
            "Beginnt nichts mehr, bis sie fortgesetzt wird; was inzwischen kommt, wird aufbewahrt",
            "Nezačne nic dalšího, dokud nebude obnovena; co mezitím přijde, se uchová"
        ),
        "Changes all records that the filter names, or none": (
            "Ändert alle Datensätze, die der Filter nennt, oder keinen",
            "Změní všechny záznamy, které určuje filtr, nebo žádný"
        ),
        "Changes the caller's password; its other sessions end": (
            "Ändert das Kennwort des Aufrufers; seine anderen Sitzungen enden",
            "Změní heslo volajícího; jeho ostatní relace skončí"
        ),
        "Changes what the body names": ("Ändert, was im Inhalt steht", "Změní, co uvádí tělo"),
        "Chooses the caller's own language": (
            "Wählt die eigene Sprache des Aufrufers",
            "Zvolí vlastní jazyk volajícího"
        ),
        "Creates a role, or replaces it": (
            "Legt eine Rolle an oder ersetzt sie",
            "Vytvoří roli, nebo ji nahradí"
        ),
        "Creates a structure, or replaces it": (
            "Legt eine Struktur an oder ersetzt sie",
            "Vytvoří strukturu, nebo ji nahradí"
        ),
        "Creates an API token": ("Legt ein API-Token an", "Vytvoří token API"),
        "Creates an account, or replaces it": (
            "Legt ein Konto an oder ersetzt es",
            "Vytvoří účet, nebo ho nahradí"
        ),
        "Creates one record from an object, or several from an array": (
            "Legt aus einem Objekt einen Datensatz an, aus einer Liste mehrere",
            "Vytvoří z objektu jeden záznam, z pole několik"
        ),
        "Deletes a record": ("Löscht einen Datensatz", "Smaže záznam"),
        "Deletes a secret": ("Löscht ein Geheimnis", "Smaže tajemství"),
        "Deletes a token": ("Löscht ein Token", "Smaže token"),
        "Deletes all records that the filter names, or none": (
            "Löscht alle Datensätze, die der Filter nennt, oder keinen",
            "Smaže všechny záznamy, které určuje filtr, nebo žádný"
        ),
        "Does a task, once": ("Erledigt eine Aufgabe, einmal", "Splní úkol, jednou"),
        "Does exactly what the run's plan says, or refuses": (
            "Tut genau, was der Plan des Laufs sagt, oder lehnt ab",
            "Udělá přesně, co říká plán běhu, nebo odmítne"
        ),
        "Ends a session of an account": ("Beendet eine Sitzung eines Kontos", "Ukončí relaci účtu"),
        "Ends all sessions of an account": (
            "Beendet alle Sitzungen eines Kontos",
            "Ukončí všechny relace účtu"
        ),
        "Ends an instance, with those that it waits for": (
            "Beendet eine Instanz mit denen, auf die sie wartet",
            "Ukončí instanci i ty, na které čeká"
        ),
        "Ends one of the caller's sessions": (
            "Beendet eine der Sitzungen des Aufrufers",
            "Ukončí jednu z relací volajícího"
        ),
        "Events that were raised, newest first": (
            "Ausgelöste Ereignisse, neueste zuerst",
            "Vyvolané události, nejnovější první"
        ),
        "Exports": ("Exportiert", "Exportuje"),
        "Gives it up": ("Gibt es auf", "Vzdá to"),
        "Goes on without it": ("Macht ohne es weiter", "Pokračuje bez toho"),
        "Goes on, with what arrived meanwhile": (
            "Macht weiter, mit dem, was inzwischen kam",
            "Pokračuje, s tím, co mezitím přišlo"
        ),
        "Imports the file in the body": (
            "Importiert die Datei im Inhalt",
            "Importuje soubor v těle"
        ),
        """
        Imports the file in the body, or plans to (plan=true); {"source": true} takes the new \
        files of the import's source
        """: (
            """
            Importiert die Datei im Inhalt oder plant es (plan=true); {"source": true} nimmt die \
            neuen Dateien aus der Quelle des Imports
            """,
            """
            Importuje soubor v těle, nebo to plánuje (plan=true); {"source": true} vezme nové \
            soubory ze zdroje importu
            """
        ),
        "Instances of workflows, newest first": (
            "Instanzen von Workflows, neueste zuerst",
            "Instance pracovních postupů, nejnovější první"
        ),
        "Jobs with their next time and their last run": (
            "Jobs mit ihrem nächsten Zeitpunkt und letzten Lauf",
            "Úlohy s příštím časem a posledním během"
        ),
        "Keeps it from being sent": ("Hält sie vom Versand zurück", "Zadrží ji před odesláním"),
        "Lets a held mail go": ("Gibt eine zurückgehaltene E-Mail frei", "Uvolní zadržený e-mail"),
        "Log-ins, refusals and changes of rights, newest first": (
            "Anmeldungen, Abweisungen und Änderungen von Rechten, neueste zuerst",
            "Přihlášení, odmítnutí a změny práv, nejnovější první"
        ),
        "Logs in": ("Meldet an", "Přihlásí"),
        "Logs out": ("Meldet ab", "Odhlásí"),
        "Mails a link to set a new password, where the account has an e-mail address": (
            "Schickt einen Link für ein neues Kennwort, wenn das Konto eine E-Mail-Adresse hat",
            "Pošle odkaz k nastavení nového hesla, má-li účet e-mailovou adresu"
        ),
        "Makes a link to the file of an export, for who has no account": (
            "Macht einen Link zur Datei eines Exports für den, der kein Konto hat",
            "Vytvoří odkaz na soubor exportu pro toho, kdo nemá účet"
        ),
        "Makes an API view again, in place of what another program made of it": (
            "Macht eine API-Sicht neu, anstelle dessen, was ein anderes Programm daraus machte",
            "Vytvoří pohled API znovu místo toho, co z něj udělal jiný program"
        ),
        "Metrics in the Prometheus text format": (
            "Metriken im Textformat von Prometheus",
            "Metriky v textovém formátu Prometheus"
        ),
        "One account": ("Ein Konto", "Jeden účet"),
        "One instance with its steps": (
            "Eine Instanz mit ihren Schritten",
            "Jedna instance s kroky"
        ),
        "One mail with every attempt and recipient": (
            "Eine E-Mail mit jedem Versuch und Empfänger",
            "Jeden e-mail s každým pokusem a příjemcem"
        ),
        "One record": ("Ein Datensatz", "Jeden záznam"),
        "One role with its members": ("Eine Rolle mit ihren Mitgliedern", "Jednu roli se členy"),
        "One run of a job with its steps": (
            "Ein Lauf eines Jobs mit seinen Schritten",
            "Jeden běh úlohy s kroky"
        ),
        "One structure with its units and members": (
            "Eine Struktur mit ihren Einheiten und Mitgliedern",
            "Jednu strukturu s jednotkami a členy"
        ),
        "Organization structures in the order of their codes, without units": (
            "Organisationsstrukturen in der Reihenfolge ihrer Kürzel, ohne Einheiten",
            "Organizační struktury v pořadí kódů, bez jednotek"
        ),
        "Planned against ran, newest first": (
            "Geplant gegen gelaufen, neueste zuerst",
            "Plánované proti proběhlým, nejnovější první"
        ),
        "Puts a file under a record": (
            "Legt eine Datei zu einem Datensatz",
            "Uloží soubor k záznamu"
        ),
        "Puts a secret, which definitions name as `secret:name`": (
            "Hinterlegt ein Geheimnis, das Definitionen als `secret:name` nennen",
            "Uloží tajemství, které definice uvádějí jako `secret:name`"
        ),
        "Puts an earlier version back, or a deleted record": (
            "Stellt eine frühere Version oder einen gelöschten Datensatz wieder her",
            "Vrátí dřívější verzi, nebo smazaný záznam"
        ),
        "Queues a mail": ("Stellt eine E-Mail in die Warteschlange", "Zařadí e-mail do fronty"),
        "Raises an event": ("Löst ein Ereignis aus", "Vyvolá událost"),
        "Raises an event whose definition allows GET": (
            "Löst ein Ereignis aus, dessen Definition GET erlaubt",
            "Vyvolá událost, jejíž definice dovoluje GET"
        ),
        "Reads it now": ("Liest es jetzt", "Přečte ji nyní"),
        "Records of a class": ("Datensätze einer Klasse", "Záznamy třídy"),
        "Removes a structure; its units give nobody anything any more": (
            "Entfernt eine Struktur; ihre Einheiten geben niemandem mehr etwas",
            "Odebere strukturu; její jednotky už nikomu nic nedávají"
        ),
        "Roles in the order of their codes": (
            "Rollen in der Reihenfolge ihrer Kürzel",
            "Role v pořadí kódů"
        ),
        "Rules that fired after a change, newest first": (
            "Regeln, die nach einer Änderung auslösten, neueste zuerst",
            "Pravidla spuštěná po změně, nejnovější první"
        ),
        "Runs a job now": ("Führt einen Job jetzt aus", "Spustí úlohu nyní"),
        "Runs a script that is open to the outside": (
            "Führt ein Skript aus, das von außen offen ist",
            "Spustí skript přístupný zvenčí"
        ),
        "Runs a script whose definition allows GET": (
            "Führt ein Skript aus, dessen Definition GET erlaubt",
            "Spustí skript, jehož definice dovoluje GET"
        ),
        "Runs a stored mail through the mapping again": (
            "Führt eine gespeicherte E-Mail noch einmal durch die Zuordnung",
            "Provede uložený e-mail znovu mapováním"
        ),
        "Runs, newest first": ("Läufe, neueste zuerst", "Běhy, nejnovější první"),
        "Sends it again": ("Sendet sie noch einmal", "Odešle ji znovu"),
        "Sets a new password by the token of a mailed link, once": (
            "Setzt mit dem Token eines zugeschickten Links ein neues Kennwort, einmal",
            "Nastaví nové heslo tokenem zaslaného odkazu, jednou"
        ),
        "Starts a workflow": ("Startet einen Workflow", "Spustí pracovní postup"),
        "Starts an export": ("Startet einen Export", "Spustí export"),
        "Starts an export whose definition allows GET": (
            "Startet einen Export, dessen Definition GET erlaubt",
            "Spustí export, jehož definice dovoluje GET"
        ),
        "State and gaps of a mailbox": (
            "Zustand und Lücken eines Postfachs",
            "Stav a mezery schránky"
        ),
        "Stops a run between two rows": (
            "Hält einen Lauf zwischen zwei Zeilen an",
            "Zastaví běh mezi dvěma řádky"
        ),
        "Stops a run of a job": ("Hält einen Lauf eines Jobs an", "Zastaví běh úlohy"),
        "Synchronizes": ("Synchronisiert", "Synchronizuje"),
        "Takes a file from a record": (
            "Nimmt eine Datei von einem Datensatz weg",
            "Odebere soubor ze záznamu"
        ),
        "Takes back what an import did, by a run of its own": (
            "Nimmt zurück, was ein Import tat, mit einem eigenen Lauf",
            "Vezme zpět, co udělal import, vlastním během"
        ),
        "The audit of outgoing mail, newest first": (
            "Das Protokoll der ausgehenden E-Mails, neueste zuerst",
            "Audit odchozí pošty, nejnovější první"
        ),
        "The caller's API tokens": ("Die API-Token des Aufrufers", "Tokeny API volajícího"),
        "The caller's open tasks, oldest first": (
            "Die offenen Aufgaben des Aufrufers, älteste zuerst",
            "Otevřené úkoly volajícího, nejstarší první"
        ),
        "The caller's sessions, newest first": (
            "Die Sitzungen des Aufrufers, neueste zuerst",
            "Relace volajícího, nejnovější první"
        ),
        "The definition of a model, as it was put": (
            "Die Definition eines Modells, wie sie abgelegt wurde",
            "Definice modelu, jak byla uložena"
        ),
        "The exact bytes": ("Die genauen Bytes", "Přesné bajty"),
        "The exact bytes of a received mail": (
            "Die genauen Bytes einer empfangenen E-Mail",
            "Přesné bajty přijatého e-mailu"
        ),
        "The intake ledger": ("Das Eingangsbuch", "Kniha příjmu"),
        "The models": ("Die Modelle", "Modely"),
        "The names of the secrets, never a value": (
            "Die Namen der Geheimnisse, nie ein Wert",
            "Názvy tajemství, nikdy hodnota"
        ),
        "The rejected rows, to be mended and imported again": (
            "Die abgewiesenen Zeilen, zum Bessern und erneuten Importieren",
            "Odmítnuté řádky, k opravě a novému importu"
        ),
        "The rows of a query": ("Die Zeilen einer Abfrage", "Řádky dotazu"),
        "The rows of an API view": ("Die Zeilen einer API-Sicht", "Řádky pohledu API"),
        "The run as it goes on (Server-Sent Events), until it ends": (
            "Der Lauf, während er läuft (Server-Sent Events), bis er endet",
            "Běh, jak pokračuje (Server-Sent Events), až do konce"
        ),
        "The values that a new record would begin with": (
            "Die Werte, mit denen ein neuer Datensatz begänne",
            "Hodnoty, kterými by nový záznam začal"
        ),
        "This document": ("Dieses Dokument", "Tento dokument"),
        "Tries a source that stands in no model": (
            "Probiert einen Quelltext, der in keinem Modell steht",
            "Vyzkouší zdrojový text, který není v žádném modelu"
        ),
        "Tries every step again that failed": (
            "Versucht jeden gescheiterten Schritt noch einmal",
            "Zkusí znovu každý neúspěšný krok"
        ),
        "Tries the failed work again": (
            "Versucht die gescheiterte Arbeit noch einmal",
            "Zkusí neúspěšnou práci znovu"
        ),
        "Verifies the chain of the history, as far as five seconds go": (
            "Prüft die Kette des Verlaufs, so weit fünf Sekunden reichen",
            "Ověří řetěz historie, kam stačí pět sekund"
        ),
        "What a notification would be for a record; nothing is sent": (
            "Was eine Benachrichtigung für einen Datensatz wäre; nichts wird gesendet",
            "Jaké by bylo oznámení pro záznam; nic se neodešle"
        ),
        "What an export made, or an import read": (
            "Was ein Export machte oder ein Import las",
            "Co export vytvořil, nebo import přečetl"
        ),
        "What applying a definition would do; nothing is changed": (
            "Was das Anwenden einer Definition täte; nichts wird geändert",
            "Co by udělalo použití definice; nic se nezmění"
        ),
        "What happened to the run": ("Was mit dem Lauf geschah", "Co se s během stalo"),
        "What needs a person, oldest first": (
            "Was einen Menschen braucht, ältestes zuerst",
            "Co potřebuje člověka, nejstarší první"
        ),
        "What the rules of a class would do": (
            "Was die Regeln einer Klasse täten",
            "Co by udělala pravidla třídy"
        ),
        "What the run did, or its plan would do, row by row": (
            "Was der Lauf tat oder sein Plan täte, Zeile für Zeile",
            "Co běh udělal, nebo by udělal jeho plán, řádek po řádku"
        ),
        "Whether an account may do something with a class or a record, and why": (
            "Ob ein Konto mit einer Klasse oder einem Datensatz etwas darf, und warum",
            "Zda účet smí s třídou nebo záznamem něco dělat a proč"
        ),
        "Whether it takes requests": ("Ob er Anfragen annimmt", "Zda přijímá požadavky"),
        "Whether the process lives": ("Ob der Prozess lebt", "Zda proces žije"),
        "Who changed what, oldest first": (
            "Wer was änderte, älteste zuerst",
            "Kdo co změnil, nejstarší první"
        ),
        "Who the caller is and what it may do": (
            "Wer der Aufrufer ist und was er darf",
            "Kdo je volající a co smí"
        ),
        "A workflow drawn": ("Ein Workflow, gezeichnet", "Nakreslený pracovní postup"),
        "An instance drawn, with where it stands": (
            "Eine Instanz, gezeichnet, mit ihrem Stand",
            "Nakreslená instance s tím, kde je"
        ),
    ]
}
