import JSON

/// A model in which every kind of definition stands once: what `/docs/definitions` shows part by
/// part, and what its button plans as it is. A test applies it.
enum DefinitionExamples {
    /// A part of a model document.
    struct Part: Sendable {
        /// The member of the document.
        let member: String
        let about: String
    }

    static let parts = [
        Part(
            member: "classes",
            about: "A class is a table of records: columns with types, who may do what with which"
                + " rows, and what a form may be filled with from its address (prefill)."),
        Part(
            member: "queries",
            about: "A query is SQL over the API views. It answers with the caller's own rights."),
        Part(
            member: "rules",
            about: "A rule acts when a record is opened, inserted, changed or deleted. Names that"
                + " end in -ing are before the save, in the caller's call; -ed are after it."),
        Part(
            member: "scripts",
            about: "A script is the body of a JavaScript function. A string that begins with = is"
                + " an expression wherever a value stands."),
        Part(
            member: "events",
            about: "An event is what workflows wait for. With web it may be raised by the API and"
                + " by links in mails; buffer keeps one that comes before anybody waits."),
        Part(
            member: "workflows",
            about: "A workflow goes from step to step and may wait for days: mail event task"
                + " condition change script timer http workflow parallel import export sync"
                + " command raise end."),
        Part(
            member: "jobs",
            about: "A job runs by a schedule (cron, in a time zone). What was missed is run once,"
                + " all of it, or not at all."),
        Part(
            member: "mailboxes",
            about: "A mailbox is read into a class: each mail becomes one record, or, as an answer,"
                + " changes the one that it is about. Sources: folder imap ews."),
        Part(
            member: "notifications",
            about: "A notification is the text of a mail, by language. {{…}} is an expression, and"
                + " link('event') a link that only the person who has it can use."),
        Part(
            member: "imports",
            about: "An import reads files into a class: csv json ndjson xml xlsx. Columns are"
                + " mapped, keys found, references looked up; a plan shows it before."),
        Part(
            member: "exports",
            about: "An export writes a class, a query or a view as a file, for download, into a"
                + " folder, to another machine or as a mail."),
        Part(
            member: "syncs",
            about: "A synchronization keeps a class and a table of another database the same, and"
                + " is green only when that was seen."),
    ]

    /// The whole document.
    static let document = #"""
        {
          "code": "example",
          "name": {"en": "Example", "de": "Beispiel", "cs": "Příklad"},
          "roles": ["example_clerk"],
          "classes": [
            {
              "code": "request",
              "name": {"en": "Request", "de": "Anfrage", "cs": "Žádost"},
              "describe": "#{id} {subject}",
              "history": true,
              "deletion": "logical",
              "columns": [
                {"code": "subject", "name": {"en": "Subject"}, "type": "text", "required": true, "max": 200},
                {"code": "body", "name": {"en": "Text"}, "type": "text", "multiline": true},
                {"code": "status", "name": {"en": "Status"}, "type": "choice", "choices": ["new", "open", "closed"], "default": "new"},
                {"code": "spent", "name": {"en": "Hours"}, "type": "decimal", "scale": 2, "min": 0},
                {"code": "email", "name": {"en": "E-mail"}, "type": "text", "max": 254},
                {"code": "mail_id", "name": {"en": "Message-ID"}, "type": "text", "unique": true}
              ],
              "grants": [
                {"role": "example_clerk", "operations": ["read", "insert", "change", "import", "export"], "rows": {"scope": "all"}}
              ],
              "prefill": ["subject", "email"],
              "webAccess": true
            },
            {
              "code": "price",
              "name": {"en": "Price", "de": "Preis", "cs": "Cena"},
              "describe": "{number}",
              "columns": [
                {"code": "number", "name": {"en": "Number"}, "type": "text", "required": true, "unique": true, "max": 40},
                {"code": "amount", "name": {"en": "Amount"}, "type": "decimal", "scale": 2}
              ],
              "grants": [
                {"role": "example_clerk", "operations": ["read", "insert", "change", "import", "export"], "rows": {"scope": "all"}}
              ],
              "webAccess": true
            }
          ],
          "queries": [
            {
              "code": "load",
              "sql": "select status, count(*) as n from example_request where status <> :status group by status",
              "parameters": [{"code": "status", "type": "text"}],
              "grants": [{"role": "example_clerk"}]
            }
          ],
          "rules": [
            {"code": "open_urgent", "class": "request", "on": "inserting", "order": 10, "when": "=record.subject.includes('urgent')", "do": [{"set": {"status": "open"}}]},
            {"code": "no_less", "class": "request", "on": "changing", "require": "=(record.spent || 0) >= (previous.spent || 0)", "message": {"en": "Time spent cannot shrink."}},
            {"code": "handle", "class": "request", "on": "inserted", "when": "=record.email != null", "do": [{"workflow": "handle_request"}]}
          ],
          "scripts": [
            {"code": "tidy", "source": "record.subject = (record.subject || '').replace(/^(re|fwd?):\\s*/i, '') || '(no subject)';", "timeout": "2s"},
            {"code": "count", "source": "return gt.records.find('price', {}).length;", "role": "example_clerk", "web": true}
          ],
          "events": [
            {"code": "confirmed", "name": {"en": "Confirm the request"}, "web": true, "get": false, "role": null, "buffer": "7d"}
          ],
          "workflows": [
            {
              "code": "handle_request",
              "class": "request",
              "start": "ask",
              "steps": [
                {"code": "ask", "kind": "mail", "notification": "please_confirm", "to": "=record.email", "next": "answer"},
                {"code": "answer", "kind": "event", "event": "confirmed", "key": "=record.id", "timeout": "3d", "onTimeout": "end", "next": "big"},
                {"code": "big", "kind": "condition", "when": "=record.spent > 8", "then": "approve", "else": "close"},
                {"code": "approve", "kind": "task", "title": "='Approve ' + record.describe", "assignee": {"role": "example_clerk"}, "due": "2d", "outcomes": {"approved": "close", "refused": "end"}},
                {"code": "close", "kind": "change", "set": {"status": "closed"}, "next": "end"},
                {"code": "end", "kind": "end"}
              ]
            }
          ],
          "jobs": [
            {"code": "nightly", "schedule": "0 3 * * *", "zone": "Europe/Prague", "overlap": "skip", "missed": "once", "steps": [{"export": "open_requests"}], "onFailure": "stop"}
          ],
          "mailboxes": [
            {
              "code": "requests",
              "source": {"kind": "folder", "path": "requests"},
              "every": "10s",
              "class": "request",
              "map": {"subject": "=mail.subject", "body": "=mail.text", "email": "=mail.from.address", "mail_id": "=mail.messageId"},
              "script": "tidy",
              "onReply": {"set": {"status": "open"}},
              "after": {"move": "done"}
            }
          ],
          "notifications": [
            {"code": "please_confirm", "subject": {"en": "Did you write to us? {{record.subject}}"}, "text": {"en": "Press: {{link('confirmed')}}\n"}}
          ],
          "imports": [
            {
              "code": "prices",
              "class": "price",
              "format": "csv",
              "source": "upload",
              "options": {"separator": ";", "encoding": "windows-1252", "header": true},
              "columns": [
                {"from": "Number", "to": "number", "key": true},
                {"from": "Price", "to": "amount", "as": "=value.replace(',', '.')"}
              ],
              "mode": "upsert",
              "missing": "keep"
            }
          ],
          "exports": [
            {"code": "open_requests", "from": "request", "filter": "status ne 'closed'", "columns": [{"column": "subject", "as": "Subject"}, {"column": "spent", "as": "Hours"}], "format": "xlsx", "target": "download"}
          ],
          "syncs": [
            {"code": "prices", "class": "price", "source": {"kind": "sqlite", "path": "prices.db", "table": "prices"}, "direction": "pull", "key": {"number": "no"}, "columns": {"amount": "amount"}, "verify": true}
          ]
        }
        """#

    /// Of one part, each definition as text.
    static func examples(of member: String) -> String {
        let value = (try? JSONValue(parsing: Array(document.utf8)))?[member] ?? .null
        return "\"\(member)\": " + JSONText.pretty(value)
    }
}
