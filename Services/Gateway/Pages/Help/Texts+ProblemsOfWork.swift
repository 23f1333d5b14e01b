/// What the problems mean and what to do: of what stands, of limits and of work.
extension Texts {
    static let problemsOfWork: [String: (german: String, czech: String)] = [
        "The detail says what stands in the way.": (
            "Die Einzelheit sagt, was im Weg steht.",
            "Podrobnost říká, co brání."
        ),
        "The key was used for something else": (
            "Der Schlüssel galt schon etwas anderem",
            "Klíč byl použit pro něco jiného"
        ),
        "This Idempotency-Key came before with another request.": (
            "Dieser Idempotency-Key kam schon mit einer anderen Anfrage.",
            "Tento Idempotency-Key už přišel s jiným požadavkem."
        ),
        "Use a new key for each request; repeat a key only with the same body.": (
            """
            Nehmen Sie für jede Anfrage einen neuen; wiederholen Sie ihn nur mit demselben Inhalt.
            """,
            "Pro každý požadavek použijte nový; opakujte jej jen se stejným tělem."
        ),
        "The data moved since the plan": (
            "Die Daten sind seit dem Plan andere",
            "Data se od plánu změnila"
        ),
        "What the plan of an import says is not what would be now; nothing of it was written.": (
            "Was der Plan eines Imports sagt, gälte jetzt nicht; nichts davon wurde geschrieben.",
            "Co říká plán importu, už by neplatilo; nic z něj se nezapsalo."
        ),
        "errors names what moved; make a new plan of the file.": (
            "errors nennt, was anders ist; machen Sie einen neuen Plan der Datei.",
            "errors uvádí, co se změnilo; vytvořte nový plán souboru."
        ),
        "Too many records are missing": (
            "Zu viele Datensätze fehlen",
            "Chybí příliš mnoho záznamů"
        ),
        "A file lacks more of the records than its import allows; none of them was touched.": (
            "Einer Datei fehlen mehr Datensätze, als ihr Import erlaubt; keiner wurde berührt.",
            "Souboru chybí více záznamů, než import dovoluje; žádný nebyl dotčen."
        ),
        "Look whether the file is whole; if so, raise limit of missing in the definition.": (
            "Sehen Sie nach, ob die Datei ganz ist; wenn ja, erhöhen Sie limit von missing.",
            "Zkontrolujte, zda je soubor celý; pokud ano, zvyšte limit u missing."
        ),
        "Rows were rejected": ("Zeilen wurden abgewiesen", "Řádky byly odmítnuty"),
        "Rejected rows may be about records that the file lacks, so that none was touched.": (
            "Abgewiesene Zeilen könnten fehlende Datensätze betreffen; darum wurde keiner berührt.",
            "Odmítnuté řádky se mohou týkat chybějících záznamů; žádný proto nebyl dotčen."
        ),
        "Mend the rows of /api/runs/{run}/errors and import the whole file again.": (
            """
            Bessern Sie die Zeilen aus /api/runs/{run}/errors und importieren Sie die ganze Datei \
            neu.
            """,
            "Opravte řádky z /api/runs/{run}/errors a importujte celý soubor znovu."
        ),
        "The same request is under way": (
            "Dieselbe Anfrage läuft gerade",
            "Tentýž požadavek právě probíhá"
        ),
        "A request with this Idempotency-Key has begun and has not ended.": (
            "Eine Anfrage mit diesem Idempotency-Key begann und ist nicht beendet.",
            "Požadavek s tímto Idempotency-Key začal a neskončil."
        ),
        "Wait as many seconds as Retry-After says, and send it again.": (
            "Warten Sie so viele Sekunden, wie Retry-After sagt, und senden Sie es erneut.",
            "Počkejte tolik sekund, kolik říká Retry-After, a pošlete to znovu."
        ),
        "Nobody knows whether it was done": (
            "Niemand weiß, ob es getan wurde",
            "Nikdo neví, zda se to provedlo"
        ),
        "A request with this Idempotency-Key was begun, and the service ended before it did.": (
            "Eine Anfrage mit diesem Idempotency-Key begann, und der Dienst endete vor ihr.",
            "Požadavek s tímto Idempotency-Key začal a služba skončila dřív než on."
        ),
        "Look whether it was done; if it was not, send it again with a new key.": (
            "Sehen Sie nach, ob es getan ist; wenn nicht, senden Sie es mit neuem Schlüssel.",
            "Podívejte se, zda je hotovo; pokud ne, pošlete to s novým klíčem."
        ),
        "It would destroy data": ("Es würde Daten zerstören", "Zničilo by to data"),
        "The model document removes classes or columns that hold data.": (
            "Das Dokument entfernt Klassen oder Spalten, die Daten haben.",
            "Dokument odebírá třídy nebo sloupce, které mají data."
        ),
        "Look at what goes, and send it again with ?allow=destructive.": (
            "Sehen Sie an, was verloren geht, und senden Sie es mit ?allow=destructive.",
            "Podívejte se, co zmizí, a pošlete to s ?allow=destructive."
        ),
        "It changed meanwhile": ("Es hat sich inzwischen geändert", "Mezitím se to změnilo"),
        "The version named by If-Match is not the one that stands.": (
            "Die Version in If-Match ist nicht die jetzige.",
            "Verze v If-Match není ta nynější."
        ),
        "Read it again, look at what changed, and send the change with the new ETag.": (
            """
            Lesen Sie es neu, sehen Sie die Änderung an und senden Sie die Ihre mit dem neuen \
            ETag.
            """,
            "Přečtěte to znovu, podívejte se, co se změnilo, a pošlete změnu s novým ETag."
        ),
        "There are more or fewer records than expected": (
            "Es sind mehr oder weniger Datensätze als erwartet",
            "Záznamů je více nebo méně, než se čekalo"
        ),
        "The filter names another number of records than expect says; nothing was done.": (
            "Der Filter nennt eine andere Zahl als expect; nichts wurde getan.",
            "Filtr určuje jiný počet, než říká expect; nic se neprovedlo."
        ),
        "Look at the list by the same filter, with count=true, and send its count.": (
            "Sehen Sie die Liste mit demselben Filter und count=true an und senden Sie deren Zahl.",
            "Podívejte se na seznam se stejným filtrem a count=true a pošlete jeho počet."
        ),
        "The version is needed": ("Die Version fehlt", "Je třeba uvést verzi"),
        "A change must say which version it saw, so that it overwrites nobody's work.": (
            """
            Eine Änderung muss sagen, welche Version sie sah, damit sie niemandes Arbeit \
            überschreibt.
            """,
            "Změna musí říci, kterou verzi viděla, aby nikomu nepřepsala práci."
        ),
        "Send If-Match with the ETag that came with the object.": (
            "Senden Sie If-Match mit dem ETag, das mit dem Objekt kam.",
            "Pošlete If-Match s ETag, který přišel s objektem."
        ),
        "The body is too large": ("Der Inhalt ist zu groß", "Tělo je příliš velké"),
        "The body is larger than this address takes.": (
            "Der Inhalt ist größer, als diese Adresse nimmt.",
            "Tělo je větší, než tato adresa přijímá."
        ),
        "The problem names the limit in bytes; send less at once.": (
            "Das Problem nennt die Grenze in Bytes; senden Sie weniger auf einmal.",
            "Problém uvádí limit v bajtech; posílejte méně najednou."
        ),
        "The address is too long": ("Die Adresse ist zu lang", "Adresa je příliš dlouhá"),
        "The path and query together are longer than the limit.": (
            "Pfad und Parameter sind zusammen länger als erlaubt.",
            "Cesta a parametry jsou dohromady delší, než je dovoleno."
        ),
        "Shorten the filter, or send fewer parameters.": (
            "Kürzen Sie den Filter oder senden Sie weniger Parameter.",
            "Zkraťte filtr, nebo pošlete méně parametrů."
        ),
        "The expectation cannot be met": (
            "Die Erwartung ist nicht zu erfüllen",
            "Očekávání nelze splnit"
        ),
        "The header Expect asks for something other than 100-continue.": (
            "Das Kopffeld Expect verlangt etwas anderes als 100-continue.",
            "Hlavička Expect žádá něco jiného než 100-continue."
        ),
        "Leave the header out.": ("Lassen Sie das Kopffeld weg.", "Hlavičku vynechte."),
        "Too many requests": ("Zu viele Anfragen", "Příliš mnoho požadavků"),
        "A limit on how often something may be tried is reached.": (
            "Eine Grenze, wie oft etwas versucht werden darf, ist erreicht.",
            "Byl dosažen limit, jak často se smí něco zkoušet."
        ),
        "Wait as many seconds as Retry-After says.": (
            "Warten Sie so viele Sekunden, wie Retry-After sagt.",
            "Počkejte tolik sekund, kolik říká Retry-After."
        ),
        "The headers are too large": ("Die Kopffelder sind zu groß", "Hlavičky jsou příliš velké"),
        "The head of the request is larger, or has more fields, than the limit.": (
            "Der Kopf der Anfrage ist größer oder hat mehr Felder als erlaubt.",
            "Hlavička požadavku je větší, nebo má více polí, než je dovoleno."
        ),
        "Send fewer or shorter headers; often a cookie is to blame.": (
            "Senden Sie weniger oder kürzere Kopffelder; oft liegt es an einem Cookie.",
            "Posílejte méně nebo kratší hlavičky; často za to může cookie."
        ),
        "Another system cannot be called": (
            "Ein anderes System ist nicht erreichbar",
            "Jiný systém nelze volat"
        ),
        "It did not answer, or said that it cannot do it now.": (
            "Es antwortete nicht oder sagte, dass es jetzt nicht kann.",
            "Neodpověděl, nebo řekl, že teď nemůže."
        ),
        "It is tried as often as the definition says; then a person retries the incident.": (
            """
            Es wird so oft versucht, wie die Definition sagt; dann entscheidet ein Mensch am \
            Störfall.
            """,
            "Zkouší se tak často, jak říká definice; pak to zkusí člověk u incidentu."
        ),
        "Something is not tried any more": (
            "Etwas wird nicht mehr versucht",
            "Něco se už nezkouší"
        ),
        "An item of a queue failed so often by an error of ours that it rests.": (
            "Etwas in einer Warteschlange scheiterte so oft an einem unserer Fehler, dass es ruht.",
            "Položka fronty selhala naší chybou tak často, že odpočívá."
        ),
        "Read the log, mend what it says, and retry the incident; skip takes it out.": (
            """
            Lesen Sie das Protokoll, bessern Sie es und wiederholen Sie den Störfall; überspringen \
            nimmt es heraus.
            """,
            "Přečtěte protokol, opravte to a zopakujte incident; přeskočení jej vyjme."
        ),
        "A mail was not delivered": ("Eine E-Mail wurde nicht zugestellt", "E-mail nebyl doručen"),
        "A server refused it for good, or for longer than mails are tried.": (
            "Ein Server lehnte sie endgültig ab oder länger, als es versucht wird.",
            "Server jej odmítl natrvalo, nebo déle, než se e-maily zkoušejí."
        ),
        "Read the server's words; retry the incident to send it again, or close it.": (
            "Lesen Sie die Worte des Servers; wiederholen Sie den Störfall oder schließen Sie ihn.",
            "Přečtěte slova serveru; zopakujte incident, nebo jej uzavřete."
        ),
        "Nobody knows whether a mail was sent": (
            "Niemand weiß, ob eine E-Mail gesendet wurde",
            "Nikdo neví, zda byl e-mail odeslán"
        ),
        "The connection was lost before the server said that it has the mail.": (
            "Die Verbindung brach ab, bevor der Server sagte, dass er sie hat.",
            "Spojení se přerušilo dřív, než server řekl, že e-mail má."
        ),
        "Ask the recipient; retry the incident to send it again, or close it.": (
            "Fragen Sie den Empfänger; wiederholen Sie den Störfall oder schließen Sie ihn.",
            "Zeptejte se příjemce; zopakujte incident, nebo jej uzavřete."
        ),
        "A file was not imported": ("Eine Datei wurde nicht importiert", "Soubor nebyl importován"),
        "A run that takes files of a source makes a run of each; one of these did not succeed.": (
            """
            Ein Lauf, der Dateien einer Quelle nimmt, macht aus jeder einen Lauf; einer davon \
            gelang nicht.
            """,
            "Běh, který bere soubory zdroje, udělá běh z každého; jeden z nich se nezdařil."
        ),
        "Look at that run, mend what it says, and start the import again.": (
            "Sehen Sie diesen Lauf an, bessern Sie es und starten Sie den Import erneut.",
            "Podívejte se na ten běh, opravte to a spusťte import znovu."
        ),
        "The source cannot be read": ("Die Quelle ist nicht lesbar", "Zdroj nelze číst"),
        "The folder or machine that an import takes its files from did not let us.": (
            "Der Ordner oder Rechner, aus dem ein Import liest, ließ es nicht zu.",
            "Složka nebo stroj, odkud import bere soubory, to nedovolil."
        ),
        "Mend what the detail says, and start the import again; nothing was taken.": (
            """
            Bessern Sie, was die Einzelheit sagt, und starten Sie den Import erneut; nichts wurde \
            genommen.
            """,
            "Opravte, co říká podrobnost, a spusťte import znovu; nic se nevzalo."
        ),
        "Integrations are switched off": (
            "Integrationen sind ausgeschaltet",
            "Integrace jsou vypnuté"
        ),
        "INTEGRATIONS=off holds calls to other systems; nothing is lost, and they wait.": (
            "INTEGRATIONS=off hält Aufrufe anderer Systeme an; nichts geht verloren, sie warten.",
            "INTEGRATIONS=off drží volání jiných systémů; nic se neztratí, čekají."
        ),
        "Switch it on, or mark the call with \"integration\": false.": (
            "Schalten Sie es ein oder kennzeichnen Sie den Aufruf mit \"integration\": false.",
            "Zapněte je, nebo označte volání \"integration\": false."
        ),
        "All scripts are at work": ("Alle Skripte sind beschäftigt", "Všechny skripty pracují"),
        "More scripts are waiting than may run at once.": (
            "Es warten mehr Skripte, als zugleich laufen dürfen.",
            "Čeká více skriptů, než smí běžet najednou."
        ),
        "Wait as many seconds as Retry-After says, and try again.": (
            "Warten Sie so viele Sekunden, wie Retry-After sagt, und versuchen Sie es erneut.",
            "Počkejte tolik sekund, kolik říká Retry-After, a zkuste to znovu."
        ),
        "It is over": ("Es ist vorbei", "Je konec"),
        "What the link was for has ended.": (
            "Wofür der Link war, ist beendet.",
            "K čemu odkaz byl, to skončilo."
        ),
        "Ask whoever sent it for a new one.": (
            "Bitten Sie den Absender um einen neuen.",
            "Požádejte odesílatele o nový."
        ),
        "A loop was stopped": ("Eine Schleife wurde angehalten", "Smyčka byla zastavena"),
        "Rules and workflows caused each other more often than the limit allows.": (
            "Regeln und Workflows lösten einander öfter aus, als erlaubt ist.",
            "Pravidla a postupy se navzájem spouštěly častěji, než je dovoleno."
        ),
        "The incident shows the whole cycle; break it in the model.": (
            "Der Störfall zeigt den ganzen Kreis; unterbrechen Sie ihn im Modell.",
            "Incident ukazuje celý kruh; přerušte jej v modelu."
        ),
        "The request took too long": (
            "Die Anfrage dauerte zu lange",
            "Požadavek trval příliš dlouho"
        ),
        "The request did not arrive within the time that is given for it.": (
            "Die Anfrage kam nicht in der gegebenen Zeit an.",
            "Požadavek nedorazil v daném čase."
        ),
        "Send it again over a better connection, or in smaller pieces.": (
            "Senden Sie sie über eine bessere Verbindung oder in kleineren Stücken.",
            "Pošlete jej lepším spojením, nebo po menších částech."
        ),
        "Something went wrong on our side": (
            "Bei uns ging etwas schief",
            "Na naší straně se něco pokazilo"
        ),
    ]
}
