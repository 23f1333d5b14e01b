/// What is said of the parameters of the API, and further of its operations.
extension Texts {
    static let parameters: [String: (german: String, czech: String)] = [
        "409 while it runs, unless its definition lets runs overlap.": (
            "409, solange er läuft, außer seine Definition lässt Läufe sich überlappen.",
            "409, dokud běží, pokud definice nedovoluje souběh."
        ),
        """
        A second time is 409, which says who did it. `values` become members of the instance's \
        `values`.
        """: (
            """
            Ein zweites Mal ist 409 und sagt, wer es tat. `values` werden Teile der `values` der \
            Instanz.
            """,
            "Podruhé je 409 a řekne, kdo to udělal. `values` se stanou členy `values` instance."
        ),
        """
        Defaults, then what the query says for the columns in the class's `prefill` \
        (`?subject=Printer`), then the rules on `opening`. Nothing is saved.
        """: (
            """
            Vorgaben, dann was die Adresse für die Spalten in `prefill` sagt (`?subject=Printer`), \
            dann die Regeln auf `opening`. Nichts wird gespeichert.
            """,
            """
            Výchozí hodnoty, pak co říká adresa pro sloupce v `prefill` (`?subject=Printer`), pak \
            pravidla na `opening`. Nic se neuloží.
            """
        ),
        """
        Each parameter of the query is a parameter of the address. Rows and columns are those that \
        the caller may read: others are not counted, summed or shown.
        """: (
            """
            Jeder Parameter der Abfrage ist einer der Adresse. Zeilen und Spalten sind die, die \
            der Aufrufer lesen darf: andere werden nicht gezählt, summiert oder gezeigt.
            """,
            """
            Každý parametr dotazu je parametrem adresy. Řádky a sloupce jsou ty, které volající \
            smí číst: jiné se nepočítají, nesčítají ani neukazují.
            """
        ),
        """
        Each rule that would be looked at, in order, for every moment of the operation: whether it \
        fires, the value of its condition, and its actions with evaluated contents. Nothing is \
        read, written or done.
        """: (
            """
            Jede Regel, die angesehen würde, der Reihe nach, für jeden Moment der Operation: ob \
            sie auslöst, den Wert ihrer Bedingung und ihre Aktionen mit ausgewerteten Inhalten. \
            Nichts wird gelesen, geschrieben oder getan.
            """,
            """
            Každé pravidlo, které by se posuzovalo, v pořadí, pro každý okamžik operace: zda se \
            spustí, hodnota podmínky a akce s vyhodnoceným obsahem. Nic se nečte, nezapisuje ani \
            nedělá.
            """
        ),
        """
        For synchronizations of the kind `geartrain`, for who may read and export every record. \
        `columns` describes the class, `ranges` has checksums of consecutive ranges of keys, \
        `rows` the records of a range as they are stored, `changes` those that were changed after \
        a position.
        """: (
            """
            Für Synchronisationen der Art `geartrain`, für den, der jeden Datensatz lesen und \
            exportieren darf. `columns` beschreibt die Klasse, `ranges` hat Prüfsummen aufeinander \
            folgender Schlüsselbereiche, `rows` die Datensätze eines Bereichs, wie sie gespeichert \
            sind, `changes` die nach einer Position geänderten.
            """,
            """
            Pro synchronizace druhu `geartrain`, pro toho, kdo smí číst a exportovat každý záznam. \
            `columns` popisuje třídu, `ranges` má kontrolní součty navazujících rozsahů klíčů, \
            `rows` záznamy rozsahu, jak jsou uloženy, `changes` ty, které se změnily po určité \
            pozici.
            """
        ),
        """
        It is good until `expires` (24 hours unless said, 30 days at most) and as long as its \
        issuer may export what is in the file; one made with an API token ends with that token.
        """: (
            """
            Er gilt bis `expires` (24 Stunden, wenn nichts gesagt ist, höchstens 30 Tage) und \
            solange sein Aussteller exportieren darf, was in der Datei ist; ein mit einem \
            API-Token gemachter endet mit diesem Token.
            """,
            """
            Platí do `expires` (24 hodin, není-li řečeno jinak, nejvýše 30 dní) a dokud jeho \
            vydavatel smí exportovat obsah souboru; vytvořený tokenem API končí s tímto tokenem.
            """
        ),
        """
        It reads with the caller's rights. What it would do is answered in `calls`, and not done.
        """: (
            """
            Es liest mit den Rechten des Aufrufers. Was es täte, wird in `calls` geantwortet und \
            nicht getan.
            """,
            "Čte s právy volajícího. Co by udělal, je v odpovědi v `calls` a neprovede se."
        ),
        """
        It sees `parameters` and `me`, and acts with the caller's rights, or those of its `runAs`. \
        A script that returns a file is answered by that file.
        """: (
            """
            Es sieht `parameters` und `me` und handelt mit den Rechten des Aufrufers oder denen \
            von `runAs`. Gibt ein Skript eine Datei zurück, ist sie die Antwort.
            """,
            """
            Vidí `parameters` a `me` a jedná s právy volajícího, nebo svého `runAs`. Vrátí-li \
            skript soubor, je odpovědí.
            """
        ),
        """
        Other parameters are its `parameters`, as texts. A script that returns a file is answered \
        by that file.
        """: (
            """
            Andere Parameter sind seine `parameters`, als Texte. Gibt ein Skript eine Datei \
            zurück, ist sie die Antwort.
            """,
            """
            Ostatní parametry jsou jeho `parameters`, jako texty. Vrátí-li skript soubor, je \
            odpovědí.
            """
        ),
        "Other parameters become the payload, as texts.": (
            "Andere Parameter werden der Inhalt, als Texte.",
            "Ostatní parametry se stanou obsahem, jako texty."
        ),
        """
        Sent as an attachment. The hash is checked on the way: where the stored bytes are damaged, \
        the answer breaks off before its last bytes. One range of bytes may be asked for (`Range`, \
        `If-Range`).
        """: (
            """
            Kommt als Anlage. Der Hash wird unterwegs geprüft: sind die gespeicherten Bytes \
            beschädigt, bricht die Antwort vor ihren letzten Bytes ab. Ein Bytebereich kann \
            verlangt werden (`Range`, `If-Range`).
            """,
            """
            Přijde jako příloha. Otisk se cestou kontroluje: jsou-li uložené bajty poškozené, \
            odpověď se přeruší před posledními bajty. Lze žádat o jeden rozsah bajtů (`Range`, \
            `If-Range`).
            """
        ),
        """
        The body is the file, its Content-Type the file's type. It takes the place of one that has \
        the name, or comes after the others.
        """: (
            """
            Der Inhalt ist die Datei, sein Content-Type deren Art. Sie tritt an die Stelle einer \
            mit diesem Namen oder kommt nach den anderen.
            """,
            """
            Tělo je soubor, jeho Content-Type druh souboru. Nahradí soubor téhož názvu, nebo \
            přijde za ostatní.
            """
        ),
        "Those of the account, of its roles and of the units that it is in.": (
            "Die des Kontos, seiner Rollen und der Einheiten, in denen es ist.",
            "Ty, které patří účtu, jeho rolím a jednotkám, v nichž je."
        ),
        """
        Without `account`: the accounts that may, each with its reasons. Anybody asks about \
        themselves; about others needs `accounts:write`.
        """: (
            """
            Ohne `account`: die Konten, die es dürfen, jedes mit Gründen. Jeder fragt nach sich \
            selbst; nach anderen braucht `accounts:write`.
            """,
            """
            Bez `account`: účty, které smějí, každý s důvody. Každý se ptá na sebe; na jiné je \
            třeba `accounts:write`.
            """
        ),
        "A key as JSON: up to it": (
            "Ein Schlüssel als JSON: bis zu ihm",
            "Klíč jako JSON: až po něj"
        ),
        "A key as JSON: what comes behind it": (
            "Ein Schlüssel als JSON: was hinter ihm kommt",
            "Klíč jako JSON: co je za ním"
        ),
        "A recipient": ("Ein Empfänger", "Příjemce"),
        "An instance's number, or a workflow's code": (
            "Die Nummer einer Instanz oder das Kürzel eines Workflows",
            "Číslo instance, nebo kód pracovního postupu"
        ),
        "And with this column": ("Und mit dieser Spalte", "A s tímto sloupcem"),
        "Before this RFC 3339 time": (
            "Vor diesem Zeitpunkt (RFC 3339)",
            "Před tímto časem (RFC 3339)"
        ),
        "Before this day or time": ("Vor diesem Tag oder Zeitpunkt", "Před tímto dnem nebo časem"),
        "Columns that find a record, comma separated": (
            "Spalten, die einen Datensatz finden, durch Kommas getrennt",
            "Sloupce, které najdou záznam, oddělené čárkou"
        ),
        "Columns, comma separated": ("Spalten, durch Kommas getrennt", "Sloupce, oddělené čárkou"),
        "Comma separated; `customer.number` is that column of what a reference means": (
            """
            Durch Kommas getrennt; `customer.number` ist diese Spalte dessen, worauf ein Verweis \
            zeigt
            """,
            "Oddělené čárkou; `customer.number` je sloupec toho, nač odkaz ukazuje"
        ),
        "From this day or time on": ("Ab diesem Tag oder Zeitpunkt", "Od tohoto dne nebo času"),
        "How many there are; else nothing is done": (
            "Wie viele es sind; sonst geschieht nichts",
            "Kolik jich je; jinak se nic nestane"
        ),
        "Items a page; 50 unless said": (
            "Einträge je Seite; 50, wenn nichts gesagt ist",
            "Položek na stránku; 50, není-li řečeno jinak"
        ),
        "Not before this RFC 3339 time": (
            "Nicht vor diesem Zeitpunkt (RFC 3339)",
            "Ne před tímto časem (RFC 3339)"
        ),
        "OData 4.01 filter, `status eq 'open'`": (
            "Filter nach OData 4.01, `status eq 'open'`",
            "Filtr OData 4.01, `status eq 'open'`"
        ),
        "OData 4.01 filter: which records": (
            "Filter nach OData 4.01: welche Datensätze",
            "Filtr OData 4.01: které záznamy"
        ),
        "Of an array: all or nothing": (
            "Bei einer Liste: alle oder keiner",
            "U pole: vše, nebo nic"
        ),
        "Of an array: unique columns, comma separated, that find the record to change instead": (
            """
            Bei einer Liste: eindeutige Spalten, durch Kommas getrennt, die den stattdessen zu \
            ändernden Datensatz finden
            """,
            "U pole: jedinečné sloupce, oddělené čárkou, podle kterých se najde záznam ke změně"
        ),
        "Of the change log": ("Des Änderungsprotokolls", "Protokolu změn"),
        "Of what: `model.code`, or a code of any model": (
            "Wovon: `model.code` oder ein Kürzel irgendeines Modells",
            "Čeho: `model.code`, nebo kód kteréhokoli modelu"
        ),
        "One that the record listed under this name before, by its hash": (
            "Eine, die der Datensatz unter diesem Namen früher hatte, nach ihrem Hash",
            "Ten, který záznam pod tímto názvem dříve uváděl, podle otisku"
        ),
        "Ranges": ("Bereiche", "Rozsahy"),
        "Reaches only those that wait with this key": (
            "Erreicht nur die, die mit diesem Schlüssel warten",
            "Dosáhne jen těch, které čekají s tímto klíčem"
        ),
        "Records of a range": ("Datensätze eines Bereichs", "Záznamy rozsahu"),
        "References to show as objects": (
            "Verweise, die als Objekte gezeigt werden",
            "Odkazy ukázané jako objekty"
        ),
        "Rows a page; 1000 unless said": (
            "Zeilen je Seite; 1000, wenn nichts gesagt ist",
            "Řádků na stránku; 1000, není-li řečeno jinak"
        ),
        "The ETag of the version that the caller saw": (
            "Das ETag der Version, die der Aufrufer sah",
            "ETag verze, kterou volající viděl"
        ),
        "The root cause": ("Die Grundursache", "Prvotní příčina"),
        "The root of its cause, or what it came by": (
            "Die Wurzel seiner Ursache, oder wodurch es kam",
            "Kořen jeho příčiny, nebo čím to přišlo"
        ),
        "The same key and body answer the first answer again for 24 hours": (
            "Derselbe Schlüssel und Inhalt geben 24 Stunden lang die erste Antwort wieder",
            "Stejný klíč a tělo vrátí po 24 hodin první odpověď"
        ),
        "To whom or what": ("Wem oder was", "Komu nebo čemu"),
        "What became of it": ("Was daraus wurde", "Co z toho vzešlo"),
        "What happened": ("Was geschah", "Co se stalo"),
        "What is to be done": ("Was zu tun ist", "Co se má udělat"),
        "Whether the newest come first": (
            "Ob die neuesten zuerst kommen",
            "Zda nejnovější přijdou první"
        ),
        """
        `sum avg min max count` of columns, over all that the filter finds: `sum(spent),avg(score)`
        """: (
            """
            `sum avg min max count` von Spalten, über alles, was der Filter findet: \
            `sum(spent),avg(score)`
            """,
            "`sum avg min max count` sloupců ze všeho, co filtr najde: `sum(spent),avg(score)`"
        ),
        "Whether to count all matches": (
            "Ob alle Treffer gezählt werden",
            "Zda spočítat všechny nálezy"
        ),
        "Which instances it reaches; what `id` says, or all": (
            "Welche Instanzen es erreicht; was `id` sagt, oder alle",
            "Kterých instancí dosáhne; co říká `id`, nebo všech"
        ),
        "Who did it": ("Wer es tat", "Kdo to udělal"),
        "Who sent it": ("Wer es sandte", "Kdo to odeslal"),
        "Whom it is about": ("Um wen es geht", "Koho se to týká"),
        "With this record": ("Mit diesem Datensatz", "S tímto záznamem"),
        "Words of subject and text, each as a beginning": (
            "Wörter aus Betreff und Text, jedes als Anfang",
            "Slova předmětu a textu, každé jako začátek"
        ),
        "Words to find in the searched columns: `print*`, `\"on fire\"`": (
            "Wörter für die durchsuchten Spalten: `print*`, `\"on fire\"`",
            "Slova k nalezení v prohledávaných sloupcích: `print*`, `\"on fire\"`"
        ),
        "`columns`, `ranges`, `rows` or `changes`": (
            "`columns`, `ranges`, `rows` oder `changes`",
            "`columns`, `ranges`, `rows` nebo `changes`"
        ),
        "`destructive` lets it remove classes and columns": (
            "`destructive` erlaubt, Klassen und Spalten zu entfernen",
            "`destructive` dovolí odebrat třídy a sloupce"
        ),
        "`include` shows a deleted one too, to who may delete it": (
            "`include` zeigt auch einen gelöschten, wenn man ihn löschen darf",
            "`include` ukáže i smazaný tomu, kdo jej smí smazat"
        ),
        "`model.class/id`, or a number beside `class`": (
            "`model.class/id` oder eine Nummer neben `class`",
            "`model.class/id`, nebo číslo vedle `class`"
        ),
        "`model.class`, or its code alone": (
            "`model.class` oder nur ihr Kürzel",
            "`model.class`, nebo jen její kód"
        ),
        "`model.code` of the event, or its code alone": (
            "`model.code` des Ereignisses oder nur sein Kürzel",
            "`model.code` události, nebo jen její kód"
        ),
        "`model.code` of the export, or its code alone": (
            "`model.code` des Exports oder nur sein Kürzel",
            "`model.code` exportu, nebo jen jeho kód"
        ),
        "`model.code` of the import, or its code alone": (
            "`model.code` des Imports oder nur sein Kürzel",
            "`model.code` importu, nebo jen jeho kód"
        ),
        "`model.code` of the script, or its code alone": (
            "`model.code` des Skripts oder nur sein Kürzel",
            "`model.code` skriptu, nebo jen jeho kód"
        ),
        "`model.event`, or its code alone": (
            "`model.event` oder nur sein Kürzel",
            "`model.event`, nebo jen její kód"
        ),
        "`next` of the page before": ("`next` der Seite davor", "`next` předchozí stránky"),
        "`only` or `include` deleted records, for who may delete them": (
            "`only` oder `include` für gelöschte Datensätze, wenn man sie löschen darf",
            "`only` nebo `include` pro smazané záznamy, pro toho, kdo je smí mazat"
        ),
        "open, where nothing is said": ("open, wenn nichts gesagt ist", "open, není-li nic řečeno"),
        "true: make a plan and write nothing": (
            "true: einen Plan machen und nichts schreiben",
            "true: vytvořit plán a nic nezapsat"
        ),
    ]
}
