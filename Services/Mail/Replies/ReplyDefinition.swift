import Contracts
import JSON

/// What an answer to a mail about a record does to that record (`onReply`).
struct ReplyDefinition: Sendable, Hashable {
    /// Columns and their values; texts that begin with `=` see `mail` and `record`.
    var set: JSONObject
    /// Raised for what waits about the record, with the record's id as key.
    var event: FullCode?
}

extension ReplyDefinition {
    /// Nil where there is none, or after a fault, which is among the reader's problems.
    init?(_ reader: ObjectReader, model: String, columns: Set<String>?, names: DocumentNames) {
        guard let nested = reader.nested("onReply") else { return nil }
        defer { nested.finish() }
        set = JSONObject()
        if let values = nested.nested("set") {
            set = values.object
            for key in set.keys where columns?.contains(key) == false {
                values.fault(key, "not-found", "The class has no column “\(key)”.")
            }
        }
        if let text = nested.string("event") {
            event = FullCode.isCode(text) ? FullCode(model: model, code: text) : FullCode(text)
            if event == nil {
                nested.fault("event", "invalid-code", "“\(text)” is no code of an event.")
            } else if event?.model == model, !names.events.contains(event?.code ?? "") {
                nested.fault("event", "not-found", "The model has no event “\(text)”.")
            }
        }
        if set.isEmpty, nested.value("event")?.string == nil {
            reader.fault(
                "onReply", "required",
                "Say with “set” or “event” what an answer does, or leave it out.")
        }
    }
}
