/// What the pages and the mail about passwords say, by language. Who forgot a password is not
/// logged in: the page speaks the browser's language, the mail and its link the account's.
struct PasswordTexts: Sendable {
    let language: String
    let forgot: String
    let forgottenLead: String
    let forgottenLabel: String
    let sendLink: String
    let linkSent: String
    let setPassword: String
    let setLead: String
    let changePassword: String
    let changeLead: String
    let mustChangeLead: String
    let currentPassword: String
    let newPassword: String
    let againPassword: String
    let notTheSame: String
    let passwordChanged: String
    let save: String
    let goHome: String
    let resetSubject: String
    /// With `{link}`, and `{life}`, such as `1h`.
    let resetMail: String

    static let all = [english, german, czech]

    static func find(_ language: String) -> PasswordTexts { find(Language(nearest: language)) }

    /// For a browser, by its `Accept-Language`.
    static func find(accepting header: String?) -> PasswordTexts {
        find(Language(accepting: header))
    }

    private static func find(_ language: Language) -> PasswordTexts {
        all.first { $0.language == language.rawValue } ?? english
    }

    func mail(_ link: String, life: String) -> String {
        resetMail.replacing("{link}", with: link).replacing("{life}", with: life)
    }

    static let english = PasswordTexts(
        language: "en", forgot: "Forgot your password?",
        forgottenLead: "Say your account or e-mail address. If we know it, a mail with a link is "
            + "on its way.",
        forgottenLabel: "Account or e-mail address", sendLink: "Send the link",
        linkSent: "If we know that account, a mail with a link is on its way.",
        setPassword: "Set a new password", setLead: "The link works once.",
        changePassword: "Change your password",
        changeLead: "Your other sessions end with the old one.",
        mustChangeLead: "Your password must be changed before you go on.",
        currentPassword: "Present password", newPassword: "New password",
        againPassword: "New password, once more", notTheSame: "These two are not the same.",
        passwordChanged: "Your password is changed.", save: "Save",
        goHome: "Go to the start page", resetSubject: "Set a new password",
        resetMail: """
            Somebody, probably you, asked for a new password for your account.

            Open this link to set one; it works once, within {life}:

            {link}

            If it was not you, do nothing: your password stays as it is.
            """)

    static let german = PasswordTexts(
        language: "de", forgot: "Passwort vergessen?",
        forgottenLead: "Nennen Sie Ihr Konto oder Ihre E-Mail-Adresse. Kennen wir sie, ist eine "
            + "Mail mit einem Link unterwegs.",
        forgottenLabel: "Konto oder E-Mail-Adresse", sendLink: "Link senden",
        linkSent: "Kennen wir dieses Konto, ist eine Mail mit einem Link unterwegs.",
        setPassword: "Neues Passwort setzen", setLead: "Der Link gilt einmal.",
        changePassword: "Passwort ändern",
        changeLead: "Ihre anderen Sitzungen enden mit dem alten.",
        mustChangeLead: "Bevor es weitergeht, muss das Passwort geändert werden.",
        currentPassword: "Jetziges Passwort", newPassword: "Neues Passwort",
        againPassword: "Neues Passwort, noch einmal",
        notTheSame: "Die beiden sind nicht gleich.",
        passwordChanged: "Ihr Passwort ist geändert.", save: "Speichern",
        goHome: "Zur Startseite", resetSubject: "Neues Passwort setzen",
        resetMail: """
            Jemand, wahrscheinlich Sie, hat um ein neues Passwort für Ihr Konto gebeten.

            Öffnen Sie diesen Link, um eines zu setzen; er gilt einmal, innerhalb von {life}:

            {link}

            Waren Sie es nicht, ist nichts zu tun: Ihr Passwort bleibt, wie es ist.
            """)

    static let czech = PasswordTexts(
        language: "cs", forgot: "Zapomněli jste heslo?",
        forgottenLead: "Zadejte svůj účet nebo e-mailovou adresu. Známe-li je, e-mail s odkazem "
            + "je na cestě.",
        forgottenLabel: "Účet nebo e-mailová adresa", sendLink: "Poslat odkaz",
        linkSent: "Známe-li tento účet, e-mail s odkazem je na cestě.",
        setPassword: "Nastavit nové heslo", setLead: "Odkaz platí jednou.",
        changePassword: "Změnit heslo",
        changeLead: "Vaše ostatní přihlášení skončí se starým heslem.",
        mustChangeLead: "Než budete pokračovat, je nutné změnit heslo.",
        currentPassword: "Současné heslo", newPassword: "Nové heslo",
        againPassword: "Nové heslo znovu", notTheSame: "Hesla se neshodují.",
        passwordChanged: "Vaše heslo je změněno.", save: "Uložit",
        goHome: "Na úvodní stránku", resetSubject: "Nastavení nového hesla",
        resetMail: """
            Někdo, pravděpodobně vy, požádal o nové heslo k vašemu účtu.

            Nastavíte je tímto odkazem; platí jednou, po dobu {life}:

            {link}

            Pokud jste to nebyli vy, nedělejte nic: vaše heslo zůstává, jaké je.
            """)
}
