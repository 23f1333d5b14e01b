/// What the problems mean and what to do: of requests and what they name.
extension Texts {
    static let problems: [String: (german: String, czech: String)] = [
        "The request cannot be understood": (
            "Die Anfrage ist nicht zu verstehen",
            "Požadavku nelze rozumět"
        ),
        "The request line, a header or the body breaks the rules of HTTP.": (
            "Die erste Zeile, ein Kopffeld oder der Inhalt verletzt die Regeln von HTTP.",
            "První řádek, hlavička nebo tělo porušuje pravidla HTTP."
        ),
        "Send it through a common HTTP client; the detail says which rule.": (
            "Senden Sie sie mit einem üblichen HTTP-Programm; die Einzelheit sagt, welche Regel.",
            "Pošlete jej běžným klientem HTTP; podrobnost říká, které pravidlo."
        ),
        "The body broke off": ("Der Inhalt brach ab", "Tělo se přerušilo"),
        "The connection ended before the whole body was there; nothing was done.": (
            "Die Verbindung endete, bevor der ganze Inhalt da war; nichts wurde getan.",
            "Spojení skončilo dřív, než dorazilo celé tělo; nic se neprovedlo."
        ),
        "Send it again.": ("Senden Sie es noch einmal.", "Pošlete to znovu."),
        "The body is not JSON": ("Der Inhalt ist kein JSON", "Tělo není JSON"),
        "The body is not one JSON value in UTF-8 and nothing else.": (
            "Der Inhalt ist nicht genau ein JSON-Wert in UTF-8.",
            "Tělo není právě jedna hodnota JSON v UTF-8."
        ),
        "Mend it at the line and column that the detail names.": (
            "Bessern Sie ihn an der Zeile und Spalte, die die Einzelheit nennt.",
            "Opravte jej na řádku a sloupci, které uvádí podrobnost."
        ),
        "A parameter cannot be read": ("Ein Parameter ist nicht lesbar", "Parametr nelze přečíst"),
        "A value of the query or a header is unknown, came twice, or is not of its type.": (
            """
            Ein Wert der Adresse oder ein Kopffeld ist unbekannt, kam doppelt oder hat die falsche \
            Art.
            """,
            "Hodnota v adrese nebo hlavička je neznámá, přišla dvakrát, nebo nemá správný druh."
        ),
        "The detail names the parameter and what it takes; /openapi.json lists them all.": (
            "Die Einzelheit nennt den Parameter und was er nimmt; /openapi.json hat alle.",
            "Podrobnost uvádí parametr a co přijímá; /openapi.json má všechny."
        ),
        "The filter cannot be read": ("Der Filter ist nicht lesbar", "Filtr nelze přečíst"),
        "filter or orderby does not parse, or names what is not there or not yours to read.": (
            """
            filter oder orderby ist falsch geschrieben oder nennt etwas, das es nicht gibt oder \
            Sie nicht lesen dürfen.
            """,
            "filter nebo orderby je chybně zapsán, nebo uvádí, co neexistuje či nesmíte číst."
        ),
        "The detail shows where. The syntax is that of OData 4.01: status eq 'open'.": (
            "Die Einzelheit zeigt, wo. Die Schreibweise ist die von OData 4.01: status eq 'open'.",
            "Podrobnost ukazuje kde. Zápis je podle OData 4.01: status eq 'open'."
        ),
        "The cursor cannot be read": (
            "Der Zeiger auf die Seite ist nicht lesbar",
            "Ukazatel stránky nelze přečíst"
        ),
        "The cursor is not one that a list answered, or it belongs to another list.": (
            "Der Zeiger kam von keiner Liste oder gehört zu einer anderen.",
            "Ukazatel nepochází z žádného seznamu, nebo patří k jinému."
        ),
        "Begin again without a cursor, and pass each next as it came.": (
            "Beginnen Sie ohne Zeiger und geben Sie jedes next weiter, wie es kam.",
            "Začněte bez ukazatele a každé next předejte, jak přišlo."
        ),
        "Nobody is logged in": ("Niemand ist angemeldet", "Nikdo není přihlášen"),
        "The request has no credential, or one that is not known or has ended.": (
            "Die Anfrage hat keine Anmeldung, oder eine unbekannte oder beendete.",
            "Požadavek nemá přihlášení, nebo má neznámé či ukončené."
        ),
        "Log in (POST /api/sessions) and send the token as Authorization: Bearer.": (
            """
            Melden Sie sich an (POST /api/sessions) und senden Sie das Token als Authorization: \
            Bearer.
            """,
            "Přihlaste se (POST /api/sessions) a token posílejte jako Authorization: Bearer."
        ),
        "The log-in is not right": ("Die Anmeldung stimmt nicht", "Přihlášení není správné"),
        "Account and password do not belong together, or the account may not log in.": (
            "Konto und Kennwort gehören nicht zusammen, oder das Konto darf sich nicht anmelden.",
            "Účet a heslo k sobě nepatří, nebo se účet nesmí přihlásit."
        ),
        "Try again; an administrator can set a new password or unlock the account.": (
            """
            Versuchen Sie es noch einmal; ein Administrator kann ein neues Kennwort setzen oder \
            das Konto entsperren.
            """,
            "Zkuste to znovu; správce může nastavit nové heslo nebo účet odemknout."
        ),
        "It is not yours to do": ("Das dürfen Sie nicht", "To nesmíte"),
        "The account is known, but lacks a permission, a grant or a scope.": (
            "Das Konto ist bekannt, aber ihm fehlt eine Berechtigung, ein Recht oder ein Bereich.",
            "Účet je známý, ale chybí mu oprávnění, právo nebo rozsah."
        ),
        "Ask an administrator for the role that the detail speaks of.": (
            "Bitten Sie einen Administrator um die Rolle, von der die Einzelheit spricht.",
            "Požádejte správce o roli, o které mluví podrobnost."
        ),
        "This instance is closed to the outside": (
            "Diese Instanz ist nach außen geschlossen",
            "Tato instance je zvenčí uzavřená"
        ),
        "The operator has closed class data to every outside door of this instance.": (
            "Der Betreiber hat die Daten der Klassen für jede Tür nach außen geschlossen.",
            "Provozovatel uzavřel data tříd pro všechny vnější přístupy."
        ),
        "Ask the operator, who has the setting GATEWAY_WEB_ACCESS.": (
            "Fragen Sie den Betreiber; er hat die Einstellung GATEWAY_WEB_ACCESS.",
            "Obraťte se na provozovatele; má nastavení GATEWAY_WEB_ACCESS."
        ),
        "The password must be changed first": (
            "Erst muss das Kennwort geändert werden",
            "Nejprve je třeba změnit heslo"
        ),
        "An administrator, or the password's age, demands another one before anything else.": (
            "Ein Administrator oder das Alter des Kennworts verlangt zuerst ein anderes.",
            "Správce nebo stáří hesla vyžaduje nejprve jiné."
        ),
        "Change it with POST /api/password or on the page /password.": (
            "Ändern Sie es mit POST /api/password oder auf der Seite /password.",
            "Změňte je pomocí POST /api/password nebo na stránce /password."
        ),
        "The form is not of this session": (
            "Das Formular ist nicht von dieser Sitzung",
            "Formulář není z této relace"
        ),
        "A change came by cookie without the token that the session's own forms carry.": (
            "Eine Änderung kam mit dem Cookie, aber ohne das Token der Formulare dieser Sitzung.",
            "Změna přišla s cookie, ale bez tokenu, který nesou formuláře této relace."
        ),
        "Open the page again and send the form from there. Programs use a bearer token.": (
            """
            Öffnen Sie die Seite neu und senden Sie das Formular von dort. Programme nehmen ein \
            Bearer-Token.
            """,
            "Otevřete stránku znovu a odešlete formulář z ní. Programy používají token Bearer."
        ),
        "It is not there": ("Das gibt es nicht", "To tu není"),
        "Nothing has this address, or nothing that the caller may know of.": (
            "Nichts hat diese Adresse, oder nichts, wovon Sie wissen dürfen.",
            "Tuto adresu nic nemá, nebo nic, o čem smíte vědět."
        ),
        "Look for a mistake in the path, or ask for the right to read it.": (
            "Suchen Sie einen Fehler in der Adresse oder bitten Sie um das Recht, es zu lesen.",
            "Hledejte chybu v adrese, nebo požádejte o právo číst."
        ),
        "The address does not take this method": (
            "Die Adresse nimmt diese Methode nicht",
            "Adresa tuto metodu nepřijímá"
        ),
        "The address exists, but not with this method.": (
            "Die Adresse gibt es, aber nicht mit dieser Methode.",
            "Adresa existuje, ale ne s touto metodou."
        ),
        "The header Allow lists what it takes.": (
            "Das Kopffeld Allow nennt, was sie nimmt.",
            "Hlavička Allow uvádí, co přijímá."
        ),
        "The file has no such bytes": (
            "Solche Bytes hat die Datei nicht",
            "Takové bajty soubor nemá"
        ),
        "Range asks for bytes after the end of the file.": (
            "Range verlangt Bytes hinter dem Ende der Datei.",
            "Range žádá bajty za koncem souboru."
        ),
        "The member length says how many there are; ask for others, or for the whole.": (
            "Die Angabe length sagt, wie viele es sind; verlangen Sie andere oder das Ganze.",
            "Údaj length říká, kolik jich je; žádejte jiné, nebo celek."
        ),
        "The body is of a type that is not taken": (
            "Diese Art Inhalt wird nicht genommen",
            "Tento druh těla se nepřijímá"
        ),
        "The Content-Type is missing or not one that this address reads.": (
            "Content-Type fehlt oder ist keiner, den diese Adresse liest.",
            "Content-Type chybí, nebo jej tato adresa nečte."
        ),
        "Send application/json, unless /openapi.json says otherwise.": (
            "Senden Sie application/json, wenn /openapi.json nichts anderes sagt.",
            "Posílejte application/json, neříká-li /openapi.json jinak."
        ),
        "The query cannot be computed": (
            "Die Abfrage ist nicht zu berechnen",
            "Dotaz nelze spočítat"
        ),
        "A value overflowed, a text was no JSON, or a number had more digits than fit.": (
            "Ein Wert lief über, ein Text war kein JSON, oder eine Zahl hatte zu viele Stellen.",
            "Hodnota přetekla, text nebyl JSON, nebo číslo mělo příliš mnoho číslic."
        ),
        "Give other values, or have the query mended in its model.": (
            "Geben Sie andere Werte an oder lassen Sie die Abfrage im Modell bessern.",
            "Zadejte jiné hodnoty, nebo nechte dotaz v modelu opravit."
        ),
        "Some values are not valid": ("Einige Werte gelten nicht", "Některé hodnoty neplatí"),
        "The request was understood, but values break the rules of the definition.": (
            "Die Anfrage war verständlich, aber Werte verletzen die Regeln der Definition.",
            "Požadavku se rozumí, ale hodnoty porušují pravidla definice."
        ),
        "errors lists every fault with a pointer to the value and what it should be.": (
            "errors nennt jeden Fehler mit dem Ort des Werts und wie er sein sollte.",
            "errors uvádí každou chybu s místem hodnoty a jaká má být."
        ),
        "A step of a workflow failed": (
            "Ein Schritt eines Workflows scheiterte",
            "Krok pracovního postupu selhal"
        ),
        "A step could not be done as its definition says.": (
            "Ein Schritt ließ sich nicht so tun, wie seine Definition sagt.",
            "Krok nešlo provést, jak říká definice."
        ),
        "The incident names the step and the reason; mend it and retry.": (
            "Der Störfall nennt Schritt und Grund; bessern Sie es und versuchen Sie es erneut.",
            "Incident uvádí krok a důvod; opravte to a zkuste znovu."
        ),
        "A secret is missing": ("Ein Geheimnis fehlt", "Chybí tajemství"),
        "A definition names a secret that nobody has put here.": (
            "Eine Definition nennt ein Geheimnis, das hier niemand hinterlegt hat.",
            "Definice uvádí tajemství, které zde nikdo neuložil."
        ),
        "Put it with PUT /api/secrets/{name}; then try again.": (
            "Hinterlegen Sie es mit PUT /api/secrets/{name}; dann versuchen Sie es erneut.",
            "Uložte je pomocí PUT /api/secrets/{name}; pak to zkuste znovu."
        ),
        "A secret cannot be opened": (
            "Ein Geheimnis lässt sich nicht öffnen",
            "Tajemství nelze otevřít"
        ),
        "The secret was sealed with a key that the platform does not have now.": (
            "Es wurde mit einem Schlüssel versiegelt, den die Plattform jetzt nicht hat.",
            "Bylo zapečetěno klíčem, který platforma nyní nemá."
        ),
        "Give the key of before in RECORDS_SECRET_KEY after the new one, or put it again.": (
            """
            Geben Sie den früheren Schlüssel in RECORDS_SECRET_KEY hinter dem neuen an oder \
            hinterlegen Sie es neu.
            """,
            "Uveďte dřívější klíč v RECORDS_SECRET_KEY za novým, nebo je uložte znovu."
        ),
        "Another system refused a call": (
            "Ein anderes System lehnte einen Aufruf ab",
            "Jiný systém odmítl volání"
        ),
        "The address may not be called, or what answered will answer the same again.": (
            "Die Adresse darf nicht gerufen werden, oder die Antwort wäre wieder dieselbe.",
            "Adresu nelze volat, nebo by odpověď byla zase stejná."
        ),
        "The detail says which; mend the definition, or have the operator open the network.": (
            "Die Einzelheit sagt, was; bessern Sie die Definition oder lassen Sie das Netz öffnen.",
            "Podrobnost říká které; opravte definici, nebo nechte síť otevřít."
        ),
        "A program cannot be started": (
            "Ein Programm lässt sich nicht starten",
            "Program nelze spustit"
        ),
        "The operator's list does not have it, or others than the operator may change it.": (
            "Die Liste des Betreibers hat es nicht, oder andere als er können es ändern.",
            "Není na seznamu provozovatele, nebo jej mohou měnit i jiní."
        ),
        "Put it on WORKFLOW_COMMANDS by an absolute path that only its owner may write.": (
            """
            Setzen Sie es auf WORKFLOW_COMMANDS, mit einem Pfad, den nur sein Eigner schreiben \
            darf.
            """,
            "Dejte jej do WORKFLOW_COMMANDS s cestou, kam smí psát jen vlastník."
        ),
        "A program failed": ("Ein Programm scheiterte", "Program selhal"),
        "It ended with a code that is no success, ran too long or wrote too much.": (
            "Es endete ohne Erfolg, lief zu lange oder schrieb zu viel.",
            "Skončil neúspěchem, běžel příliš dlouho, nebo psal příliš mnoho."
        ),
        "The detail has the code and its last words; mend it and retry.": (
            "Die Einzelheit hat Code und letzte Worte; bessern Sie es und versuchen Sie es erneut.",
            "Podrobnost má kód a poslední slova; opravte to a zkuste znovu."
        ),
        "A script threw an error": ("Ein Skript warf einen Fehler", "Skript skončil chybou"),
        "A script or expression of the model ended with an error.": (
            "Ein Skript oder Ausdruck des Modells endete mit einem Fehler.",
            "Skript nebo výraz modelu skončil chybou."
        ),
        "The problem names the script, the line and the message; mend it in the model.": (
            "Das Problem nennt Skript, Zeile und Meldung; bessern Sie es im Modell.",
            "Problém uvádí skript, řádek a hlášení; opravte to v modelu."
        ),
        "A script was stopped": ("Ein Skript wurde angehalten", "Skript byl zastaven"),
        "A script ran longer or took more memory than its limit.": (
            "Ein Skript lief länger oder brauchte mehr Speicher als erlaubt.",
            "Skript běžel déle nebo zabral více paměti, než smí."
        ),
        "The problem names the limit; make the script smaller or raise the limit.": (
            "Das Problem nennt die Grenze; verkleinern Sie das Skript oder erhöhen Sie sie.",
            "Problém uvádí limit; zmenšete skript, nebo limit zvyšte."
        ),
        "It does not fit what stands": (
            "Es passt nicht zum jetzigen Stand",
            "Neodpovídá nynějšímu stavu"
        ),
        "The change contradicts the present state: a unique value that exists, a busy object.": (
            """
            Die Änderung widerspricht dem Stand: ein eindeutiger Wert, den es schon gibt, oder \
            etwas Belegtes.
            """,
            "Změna odporuje stavu: jedinečná hodnota už existuje, nebo je objekt zaneprázdněn."
        ),
    ]
}
