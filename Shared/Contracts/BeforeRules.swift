import HTTP
import JSON
import RPC

/// When a rule runs that may still change or refuse what is about to be written.
public enum RuleMoment: String, Sendable, CaseIterable {
    /// A new form, before anything is written.
    case opening
    case inserting, changing, deleting
}

/// What the rules before a save make of the records of one call, in their order. It reads only:
/// rules and scripts see what is passed here and act nowhere.
public struct RunBeforeRules: Call {
    public typealias Response = BeforeRulesRun
    public static let path = "workflow/run-before-rules"
    public static let isSafe = true

    /// One record that is about to be written.
    public struct Item: Sendable {
        public var moment: RuleMoment
        /// As it would be (of a deletion: as it is), in the shape of API.md §4.
        public var record: JSONBytes
        /// As it is; null where there is none yet.
        public var previous: JSONBytes

        public init(moment: RuleMoment, record: JSONBytes, previous: JSONBytes) {
            self.moment = moment
            self.record = record
            self.previous = previous
        }
    }

    /// The class and those that it inherits from: rules of any of them run.
    public var types: [FullCode]
    /// The documents that the caller goes by, with their versions: an older one here would miss
    /// rules, so that it is answered with 503.
    public var models: [String: Int64]
    public var items: [Item]

    public init(types: [FullCode], models: [String: Int64], items: [Item]) {
        self.types = types
        self.models = models
        self.items = items
    }
}

/// One result for each item, in order.
public struct BeforeRulesRun: Sendable, JSONReadable, JSONWritable {
    public enum Result: Sendable {
        /// Columns that rules have set, with their values; often none.
        case set(JSONObject)
        /// A rule refuses the write, or cannot be run.
        case refused(Problem)
    }

    public var results: [Result]

    public init(results: [Result]) { self.results = results }
}

extension RunBeforeRules {
    public init(json reader: inout JSONReader) throws(JSONError) {
        self.init(types: [], models: [:], items: [])
        try reader.beginObject()
        while let key = try reader.nextKey() {
            switch key {
            case "types":
                try reader.beginArray()
                while try reader.nextElement() { types.append(try reader.readFullCode()) }
            case "models":
                try reader.beginObject()
                while let model = try reader.nextKey() { models[model] = try reader.readInteger() }
            case "items":
                try reader.beginArray()
                while try reader.nextElement() { items.append(try Item(json: &reader)) }
            default: throw reader.unknownMember(key)
            }
        }
    }

    public func write(json writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("types", types.map(\.description))
        writer.key("models")
        writer.beginObject()
        for (model, version) in models.sorted(by: { $0.key < $1.key }) {
            writer.key(model)
            writer.integer(version)
        }
        writer.endObject()
        writer.key("items")
        writer.beginArray()
        for item in items {
            writer.beginObject()
            writer.member("moment", item.moment.rawValue)
            writer.key("record")
            writer.raw(item.record)
            writer.key("previous")
            writer.raw(item.previous)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}

extension RunBeforeRules.Item {
    fileprivate init(json reader: inout JSONReader) throws(JSONError) {
        var moment: RuleMoment?
        var record: JSONBytes?
        var previous: JSONBytes?
        try reader.beginObject()
        while let key = try reader.nextKey() {
            switch key {
            case "moment": moment = RuleMoment(rawValue: try reader.readString())
            case "record": record = try reader.readRaw()
            case "previous": previous = try reader.readRaw()
            default: throw reader.unknownMember(key)
            }
        }
        guard let moment, let record, let previous else {
            throw reader.missing("moment, record and previous")
        }
        self.init(moment: moment, record: record, previous: previous)
    }
}

extension BeforeRulesRun {
    public init(json reader: inout JSONReader) throws(JSONError) {
        results = []
        try reader.beginObject()
        while let key = try reader.nextKey() {
            guard key == "results" else { throw reader.unknownMember(key) }
            try reader.beginArray()
            while try reader.nextElement() {
                let value = try reader.readValue()
                if let set = value["set"]?.object {
                    results.append(.set(set))
                } else if let problem = value["refused"].flatMap(Problem.init(json:)) {
                    results.append(.refused(problem))
                } else {
                    throw reader.missing("set or refused")
                }
            }
        }
    }

    public func write(json writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("results")
        writer.beginArray()
        for result in results {
            writer.beginObject()
            switch result {
            case .set(let columns):
                writer.key("set")
                writer.value(.object(columns))
            case .refused(let problem):
                writer.key("refused")
                writer.value(problem.member)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}
