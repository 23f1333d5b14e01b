/// What the pages say, by language. A further language is one more value.
struct Texts: Sendable {
    let language: String
    let accountLabel = "Account"
    let passwordLabel = "Password"
    let logIn = "Log in"
    let logOut = "Log out"
    let loginLead = "Use the account that your administrator gave you."
    let loginFailed = "Account and password do not belong together. Try again."
    let loginSlow = "Too many tries for this account. Wait a little, then try again."
    let skip = "Skip to the content"
    let home = "Home"
    let classes = "What you work with"
    let noClasses =
        "No class is open to you yet. Classes come with models, and a role must grant them to you."
    let filter = "Filter"
    let filterHint = "For example: status eq 'new' and contains(subject,'printer')"
    let apply = "Apply"
    let clear = "Clear"
    let newRecord = "New"
    let noRecords = "Nothing here yet."
    let noMatches = "Nothing matches the filter."
    let nextPage = "Next page"
    let firstPage = "First page"
    let record = "Record"
    let save = "Save"
    let create = "Create"
    let cancel = "Cancel"
    let delete = "Delete"
    let deleteQuestion = "Delete this record?"
    let deleteLead = "It leaves every list. The history keeps that you did it."
    let history = "History"
    let noHistory = "Nothing has changed since it was created."
    let required = "needed"
    let optional = "optional"
    let readOnly = "You may read this, not change it."
    let yes = "Yes"
    let no = "No"
    let empty = "—"
    let utc = "in UTC"
    let saved = "Saved."
    let created = "Created."
    let notSaved = "Not saved yet. Look at the marked fields."
    let noFiles = "No files yet."
    let addFile = "Add a file"
    let upload = "Upload"
    let removeFile = "Remove"
    let stale = "Somebody changed this record while you did."
    let staleLead =
        "Your input is kept below; where it differs, the value that stands now is shown with it. "
        + "Saving again puts your values over theirs."
    let standsNow = "Stands now:"
    let needed = "A value is needed."
    let notWhole = "A whole number, such as 42."
    let notDecimal = "A number, such as 2.50."
    let notJSON = "JSON, such as {\"a\": 1}."
    let onePerLine = "one per line"
    let notDate = "A date, such as 2026-11-23."
    let notDateTime = "A date with time, such as 2026-11-23T10:15."
    let notReference = "The number of a record, such as 7."
    let away = "A part of the platform does not answer"
    let awayLead = "What you typed is kept on this page. Nothing was saved; try again in a moment."
    let tryAgain = "Try again"
    let back = "Back"
    let goHome = "Go to the start page"
    let yourInput = "Your input"
    let problemPages = "What can go wrong"
    let problemLead = "Each problem that an answer names, what it means and what to do."
    let whatHappened = "What happened"
    let whatToDo = "What to do"
    let requestID = "Request"
    let linkLead = "You were sent this link. It does one thing, once, when you press the button."
    let linkPress = "Confirm"
    let linkDone = "Done. Thank you."
    let linkUsed = "This was done already."
    let linkExpired = "This link has ended."
    let linkExpiredLead = "Ask whoever sent it for a new one."

    static let english = Texts(language: "en")

    /// The nearest language that there is.
    static func find(_ language: String) -> Texts { .english }

    /// A size as people say it.
    func bytes(_ count: Int64) -> String {
        switch count {
        case ..<1024: "\(count) bytes"
        case ..<(1 << 20): "\(count >> 10) KiB"
        default: "\(count >> 20) MiB"
        }
    }

    func count(_ count: Int64) -> String { count == 1 ? "1 record" : "\(count) records" }
    func new(_ name: String) -> String { "New: \(name)" }
    func version(_ number: Int64) -> String { "Version \(number)" }
    func by(_ account: String, _ time: String) -> String { "\(account), \(time)" }
    func sortBy(_ column: String) -> String { "Sort by \(column)" }
    func usedBy(_ account: String?, _ time: String?) -> String {
        let who = account.map { "by \($0)" } ?? ""
        let when = time.map { "on \($0)" } ?? ""
        return [who, when].filter { !$0.isEmpty }.joined(separator: " ")
    }
    func more(_ count: Int) -> String { "\(count) more in the record" }

    /// A text for people in this language, or the nearest there is.
    func pick(_ texts: [String: String], else code: String) -> String {
        texts[language] ?? texts["en"] ?? texts[""] ?? texts.min { $0.key < $1.key }?.value ?? code
    }

    /// How a change came about.
    func operation(_ operation: String) -> String {
        switch operation {
        case "insert": "created"
        case "change": "changed"
        case "delete": "deleted"
        case "restore": "restored"
        default: operation
        }
    }

    func door(_ door: String) -> String {
        switch door {
        case "page": "on the pages"
        case "api": "by the API"
        case "database": "by SQL"
        case "mail", "rule", "script", "workflow", "job", "import", "sync": "by \(door)"
        default: "by \(door)"
        }
    }
}
