/// What the problems mean and what to do: of services, mails, files and other systems.
extension Texts {
    static let problemsOutside: [String: (german: String, czech: String)] = [
        "An error that nobody foresaw. Its cause is in the log under the requestId.": (
            """
            Ein Fehler, den niemand vorhersah. Seine Ursache steht im Protokoll unter der \
            requestId.
            """,
            "Chyba, kterou nikdo nečekal. Její příčina je v protokolu pod requestId."
        ),
        "Try again; if it stays, tell the operator the requestId.": (
            "Versuchen Sie es erneut; bleibt es so, nennen Sie dem Betreiber die requestId.",
            "Zkuste to znovu; pokud to trvá, sdělte provozovateli requestId."
        ),
        "A call between services is not right": (
            "Ein Aufruf zwischen Diensten stimmt nicht",
            "Volání mezi službami není správné"
        ),
        "One service sent another a call that it cannot read.": (
            "Ein Dienst sandte einem anderen einen Aufruf, den dieser nicht lesen kann.",
            "Jedna služba poslala druhé volání, které nedokáže přečíst."
        ),
        "The services may be of different versions; tell the operator the requestId.": (
            """
            Vielleicht haben die Dienste verschiedene Versionen; nennen Sie dem Betreiber die \
            requestId.
            """,
            "Služby mohou mít různé verze; sdělte provozovateli requestId."
        ),
        "The version of HTTP is not known": (
            "Diese HTTP-Version ist unbekannt",
            "Tato verze HTTP není známa"
        ),
        "The request is not HTTP/1.1 or HTTP/1.0.": (
            "Die Anfrage ist weder HTTP/1.1 noch HTTP/1.0.",
            "Požadavek není HTTP/1.1 ani HTTP/1.0."
        ),
        "Send it through a common HTTP client.": (
            "Senden Sie sie mit einem üblichen HTTP-Programm.",
            "Pošlete jej běžným klientem HTTP."
        ),
        "The server does not do this": ("Das tut der Server nicht", "Toto server nedělá"),
        "The request uses a method or a transfer coding that the server does not know.": (
            "Die Anfrage hat eine Methode oder Kodierung, die der Server nicht kennt.",
            "Požadavek má metodu nebo kódování, které server nezná."
        ),
        "Use GET, POST, PUT, PATCH or DELETE with a plain or chunked body.": (
            "Nehmen Sie GET, POST, PUT, PATCH oder DELETE mit einfachem oder gestückeltem Inhalt.",
            "Použijte GET, POST, PUT, PATCH nebo DELETE s prostým či děleným tělem."
        ),
        "It is not available now": ("Es ist jetzt nicht verfügbar", "Nyní to není dostupné"),
        "Too much is waiting, or the service is starting or stopping.": (
            "Es wartet zu viel, oder der Dienst startet oder endet gerade.",
            "Čeká toho příliš mnoho, nebo služba právě začíná či končí."
        ),
        "A service does not answer": ("Ein Dienst antwortet nicht", "Služba neodpovídá"),
        "The service that owns this does not answer. What was queued waits and goes on.": (
            """
            Der zuständige Dienst antwortet nicht. Was in der Warteschlange steht, wartet und geht \
            weiter.
            """,
            "Příslušná služba neodpovídá. Co je ve frontě, čeká a bude pokračovat."
        ),
        "Too many connections": ("Zu viele Verbindungen", "Příliš mnoho spojení"),
        "The server has as many connections as it takes.": (
            "Der Server hat so viele Verbindungen, wie er nimmt.",
            "Server má tolik spojení, kolik jich přijímá."
        ),
        "Close those that idle, and try again in a moment.": (
            "Schließen Sie ungenutzte und versuchen Sie es gleich noch einmal.",
            "Zavřete nevyužitá a za chvíli to zkuste znovu."
        ),
        "This is no mail": ("Das ist keine E-Mail", "Toto není e-mail"),
        "A mailbox got bytes without any of the header fields that every mail has.": (
            "Ein Postfach bekam Bytes ohne die Kopffelder, die jede E-Mail hat.",
            "Schránka dostala bajty bez hlaviček, které má každý e-mail."
        ),
        "Look at the bytes at the mailbox; there is nothing to replay.": (
            "Sehen Sie die Bytes beim Postfach an; es gibt nichts zu wiederholen.",
            "Podívejte se na bajty u schránky; není co opakovat."
        ),
        "The same mail was received before": (
            "Dieselbe E-Mail kam schon",
            "Tentýž e-mail už přišel"
        ),
        "A mail with the same bytes and Message-ID stands in the mailbox already.": (
            "Eine E-Mail mit denselben Bytes und derselben Message-ID ist schon im Postfach.",
            "E-mail se stejnými bajty a Message-ID už ve schránce je."
        ),
        "Nothing needs to be done: the first one has the record.": (
            "Es ist nichts zu tun: die erste hat den Datensatz.",
            "Není třeba nic dělat: záznam má ten první."
        ),
        "A machine wrote this mail": (
            "Diese E-Mail schrieb ein Automat",
            "Tento e-mail napsal stroj"
        ),
        "The mailbox is defined to skip automatic mail.": (
            "Das Postfach überspringt automatische E-Mails.",
            "Schránka přeskakuje automatické e-maily."
        ),
        "Replay the mail to make a record of it, or let the mailbox store automatic mail.": (
            """
            Wiederholen Sie die E-Mail, um daraus einen Datensatz zu machen, oder lassen Sie das \
            Postfach solche speichern.
            """,
            "Zopakujte e-mail, aby z něj vznikl záznam, nebo nechte schránku takové ukládat."
        ),
        "The mail server cannot give this mail": (
            "Der Mailserver kann diese E-Mail nicht geben",
            "Poštovní server tento e-mail nedokáže vydat"
        ),
        "The server lists the mail and answers that it cannot make it into bytes.": (
            "Der Server nennt die E-Mail, kann aber keine Bytes daraus machen.",
            "Server e-mail uvádí, ale nedokáže jej převést na bajty."
        ),
        "Look at it with a mail program; the problem's detail has the server's words.": (
            "Sehen Sie sie mit einem Mailprogramm an; die Einzelheit hat die Worte des Servers.",
            "Podívejte se na něj poštovním programem; podrobnost má slova serveru."
        ),
        "The other database is away": (
            "Die andere Datenbank ist nicht da",
            "Druhá databáze není dostupná"
        ),
        "A synchronization cannot reach its source for now; what it did stands.": (
            "Eine Synchronisation erreicht ihre Quelle zurzeit nicht; was sie tat, bleibt.",
            "Synchronizace nyní nedosáhne na zdroj; co udělala, platí."
        ),
        "Bring the source back: the run goes on by itself. Or cancel it.": (
            """
            Bringen Sie die Quelle zurück: der Lauf geht von selbst weiter. Oder brechen Sie ihn \
            ab.
            """,
            "Obnovte zdroj: běh bude sám pokračovat. Nebo jej zrušte."
        ),
        "The target of an export is away": (
            "Das Ziel eines Exports ist nicht da",
            "Cíl exportu není dostupný"
        ),
        "The run has its file, and the folder, machine or server that it goes to is away.": (
            "Der Lauf hat seine Datei, aber Ordner, Rechner oder Server des Ziels ist nicht da.",
            "Běh má svůj soubor, ale cílová složka, stroj nebo server chybí."
        ),
        "Bring the target back: the run goes on by itself. Or cancel it.": (
            """
            Bringen Sie das Ziel zurück: der Lauf geht von selbst weiter. Oder brechen Sie ihn ab.
            """,
            "Obnovte cíl: běh bude sám pokračovat. Nebo jej zrušte."
        ),
        "The other database cannot be used": (
            "Die andere Datenbank ist nicht brauchbar",
            "Druhou databázi nelze použít"
        ),
        "The source of a synchronization is not there, is damaged, or refuses to be read.": (
            "Die Quelle einer Synchronisation fehlt, ist beschädigt oder lässt sich nicht lesen.",
            "Zdroj synchronizace chybí, je poškozený, nebo se nedá číst."
        ),
        "The problem's detail has the database's words; mend the source or the definition.": (
            "Die Einzelheit hat die Worte der Datenbank; bessern Sie Quelle oder Definition.",
            "Podrobnost má slova databáze; opravte zdroj nebo definici."
        ),
        "The tables do not fit the definition": (
            "Die Tabellen passen nicht zur Definition",
            "Tabulky neodpovídají definici"
        ),
        "A table or column that a synchronization names is gone, or its type cannot be used.": (
            "Eine genannte Tabelle oder Spalte fehlt, oder ihre Art ist nicht brauchbar.",
            "Uvedená tabulka nebo sloupec chybí, nebo jeho druh nelze použít."
        ),
        "Change the definition, or bring back what it names; the errors have each of them.": (
            """
            Ändern Sie die Definition oder bringen Sie zurück, was sie nennt; die Fehler nennen \
            jedes.
            """,
            "Změňte definici, nebo vraťte, co uvádí; chyby jmenují každé."
        ),
        "The sides are not the same": ("Die Seiten sind nicht gleich", "Strany nejsou shodné"),
        "A synchronization could not prove that both sides are the same in the end.": (
            "Eine Synchronisation konnte nicht zeigen, dass beide Seiten am Ende gleich sind.",
            "Synchronizace nedokázala ověřit, že jsou obě strany nakonec shodné."
        ),
        "Its errors have the rows that were refused; mend these and run it again.": (
            "Ihre Fehler haben die abgewiesenen Zeilen; bessern Sie diese und starten Sie sie neu.",
            "Její chyby mají odmítnuté řádky; opravte je a spusťte ji znovu."
        ),
        "Too much would be deleted": ("Zu viel würde gelöscht", "Smazalo by se příliš mnoho"),
        "One side has lost more rows than a run may delete on the other.": (
            "Eine Seite hat mehr Zeilen verloren, als ein Lauf auf der anderen löschen darf.",
            "Jedna strana ztratila více řádků, než smí běh na druhé smazat."
        ),
        "Look whether the source is whole. If it is, raise deleteLimit in the definition.": (
            """
            Sehen Sie nach, ob die Quelle ganz ist. Wenn ja, erhöhen Sie deleteLimit in der \
            Definition.
            """,
            "Zkontrolujte, zda je zdroj celý. Pokud ano, zvyšte deleteLimit v definici."
        ),
        "A key stands for several rows": (
            "Ein Schlüssel steht für mehrere Zeilen",
            "Klíč patří více řádkům"
        ),
        "The source has several rows with the same key, so that none of them is meant.": (
            "Die Quelle hat mehrere Zeilen mit demselben Schlüssel; keine ist gemeint.",
            "Zdroj má více řádků se stejným klíčem; žádný není jednoznačný."
        ),
        "Synchronize by a column that is unique.": (
            "Synchronisieren Sie nach einer eindeutigen Spalte.",
            "Synchronizujte podle jedinečného sloupce."
        ),
        "A service answered something else": (
            "Ein Dienst antwortete etwas anderes",
            "Služba odpověděla něco jiného"
        ),
        "The service that owns this answered what the caller did not expect.": (
            "Der zuständige Dienst antwortete, was nicht erwartet wurde.",
            "Příslušná služba odpověděla, co se nečekalo."
        ),
        "A service gave a strange answer": (
            "Ein Dienst gab eine seltsame Antwort",
            "Služba dala podivnou odpověď"
        ),
        "The service that owns this answered in a way that nobody understands.": (
            "Der zuständige Dienst antwortete auf eine Weise, die niemand versteht.",
            "Příslušná služba odpověděla způsobem, kterému nikdo nerozumí."
        ),
        "Try again; if it stays, the services may be of different versions.": (
            """
            Versuchen Sie es erneut; bleibt es so, haben die Dienste vielleicht verschiedene \
            Versionen.
            """,
            "Zkuste to znovu; pokud to trvá, mohou mít služby různé verze."
        ),
        "A service did not answer in time": (
            "Ein Dienst antwortete nicht rechtzeitig",
            "Služba neodpověděla včas"
        ),
        "The service that owns this was reached but gave no answer; it may have been done.": (
            """
            Der zuständige Dienst wurde erreicht, gab aber keine Antwort; vielleicht ist es getan.
            """,
            "Příslušná služba byla dosažena, ale neodpověděla; možná je to hotovo."
        ),
        "Look before you try again, or use an Idempotency-Key.": (
            "Sehen Sie nach, bevor Sie es erneut versuchen, oder nehmen Sie einen Idempotency-Key.",
            "Než to zkusíte znovu, podívejte se, nebo použijte Idempotency-Key."
        ),
        "It took too long": ("Es dauerte zu lange", "Trvalo to příliš dlouho"),
        "A service did not answer within the time that the request had.": (
            "Ein Dienst antwortete nicht in der Zeit, die die Anfrage hatte.",
            "Služba neodpověděla v čase, který požadavek měl."
        ),
        "Try again; for large work use an import or an export.": (
            "Versuchen Sie es erneut; für große Arbeit nehmen Sie einen Import oder Export.",
            "Zkuste to znovu; pro velkou práci použijte import nebo export."
        ),
        "The stored file is not whole": (
            "Die gespeicherte Datei ist nicht heil",
            "Uložený soubor není celý"
        ),
        "The bytes of a file on the disk are not those that were put, or are not there.": (
            "Die Bytes auf der Platte sind nicht die abgelegten, oder sie fehlen.",
            "Bajty souboru na disku nejsou ty uložené, nebo chybí."
        ),
        "The operator must restore them from a backup, or the file must be put again.": (
            """
            Der Betreiber muss sie aus einer Sicherung holen, oder die Datei muss neu abgelegt \
            werden.
            """,
            "Provozovatel je musí obnovit ze zálohy, nebo je třeba soubor uložit znovu."
        ),
        "There is no room left": ("Es ist kein Platz mehr", "Není už místo"),
        "The disk that holds the data is full; nothing was saved.": (
            "Die Platte mit den Daten ist voll; nichts wurde gespeichert.",
            "Disk s daty je plný; nic se neuložilo."
        ),
        "The operator must make room; then try again.": (
            "Der Betreiber muss Platz schaffen; dann versuchen Sie es erneut.",
            "Provozovatel musí uvolnit místo; pak to zkuste znovu."
        ),
        "Try again in a second.": (
            "Versuchen Sie es in einer Sekunde noch einmal.",
            "Zkuste to za vteřinu znovu."
        ),
        "The run has its file, and what it goes to refuses it.": (
            "Der Lauf hat seine Datei, aber das Ziel lehnt sie ab.",
            "Běh má svůj soubor, ale cíl jej odmítá."
        ),
        "A change of accounts or organization is on its way": (
            "Eine Änderung der Konten oder der Organisation ist unterwegs",
            "Změna účtů nebo organizace je na cestě"
        ),
        "The target of an export does not take the file": (
            "Das Ziel eines Exports nimmt die Datei nicht",
            "Cíl exportu soubor nepřijímá"
        ),
        """
        Narrow the filter, order by an indexed column, leave out the count; or have an index \
        declared.
        """: (
            """
            Filtern Sie enger, ordnen Sie nach einer indizierten Spalte, lassen Sie die Zahl weg; \
            oder lassen Sie einen Index anlegen.
            """,
            """
            Zužte filtr, řaďte podle indexovaného sloupce, vynechte počet; nebo nechte založit \
            index.
            """
        ),
        "A rule refuses this": ("Eine Regel lehnt das ab", "Pravidlo to odmítá"),
        """
        The records service does not have the latest change of accounts and units yet, and answers \
        nobody by older rights.
        """: (
            """
            Der Dienst für Datensätze hat die letzte Änderung der Konten und Einheiten noch nicht \
            und antwortet niemandem nach älteren Rechten.
            """,
            """
            Služba záznamů ještě nemá poslední změnu účtů a jednotek a nikomu neodpovídá podle \
            starších práv.
            """
        ),
        """
        A rule of the model requires something that the change does not keep. Nothing was written.
        """: (
            """
            Eine Regel des Modells verlangt etwas, das die Änderung nicht einhält. Nichts wurde \
            geschrieben.
            """,
            "Pravidlo modelu vyžaduje něco, co změna nedodržuje. Nic se nezapsalo."
        ),
        "The detail says what the rule wants; the member rule names it.": (
            "Die Einzelheit sagt, was die Regel will; rule nennt sie.",
            "Podrobnost říká, co pravidlo chce; rule je jmenuje."
        ),
        "Mend what the detail says, in the definition or at the target, and export again.": (
            """
            Bessern Sie, was die Einzelheit sagt, in der Definition oder am Ziel, und exportieren \
            Sie erneut.
            """,
            "Opravte, co říká podrobnost, v definici nebo u cíle, a exportujte znovu."
        ),
        "The list or query ran into its limit of time; nothing was changed.": (
            "Die Liste oder Abfrage lief in ihre Zeitgrenze; nichts wurde geändert.",
            "Seznam nebo dotaz narazil na časový limit; nic se nezměnilo."
        ),
    ]
}
