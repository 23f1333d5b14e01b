import Crypto

/// The one script, served from memory under an address that changes with it. Pages do everything
/// without it; with it they are better: it finds its places by `data-…` attributes.
struct Script: Sendable {
    static let shared = Script()

    let bytes: [UInt8]
    let name: String

    private init() {
        let text = "'use strict';\n" + Script.parts.joined(separator: "\n")
        bytes = Array(text.utf8)
        name = "script-\(SHA256.hex(bytes).prefix(16)).js"
    }

    /// What a part of the pages needs of its own stands beside it; each is a block of its own.
    private static let parts = [once, record, lists, board, operations]

    /// A form is sent once, however often its button is pressed; coming back by the browser's
    /// button it can be sent again.
    static let once = #"""
        {
          let sent = new WeakSet();
          document.addEventListener('submit', event => {
            // What is shown in a frame of the page leaves the page as it is.
            if (event.target.method !== 'post' || event.submitter?.formTarget) return;
            if (sent.has(event.target)) return event.preventDefault();
            sent.add(event.target);
          });
          addEventListener('pageshow', () => { sent = new WeakSet(); });
        }
        """#
}
