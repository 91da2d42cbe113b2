extension CardBlock {
    /// A document in Markdown.
    public static func markdown(title: String, _ blocks: [CardBlock]) -> String {
        ([.heading(1, title)] + blocks).map(\.markdown).joined(separator: "\n\n") + "\n"
    }

    /// A document as one HTML page, without scripts or links.
    /// - Parameter width: of the text at the most, rem.
    public static func page(title: String, width: Int, _ blocks: [CardBlock]) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>\(escaped(title))</title>
        <style>
        body { font: 16px/1.5 system-ui, sans-serif; max-width: \(width)rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
        table { border-collapse: collapse; width: 100% }
        th, td { border-bottom: 1px solid #ccc; padding: 0.25rem 0.75rem 0.25rem 0; text-align: left; vertical-align: top; overflow-wrap: break-word }
        figure { margin: 1rem 0 } figcaption { color: #444; font-size: 0.9rem } img { max-width: 100% }
        </style>
        </head>
        <body>
        \(([.heading(1, title)] + blocks).map(\.html).joined(separator: "\n"))
        </body>
        </html>

        """
    }
}
