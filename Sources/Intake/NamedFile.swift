package import Files
package import Screening
package import Settings

/// A file's name as a source of whose image it is.
package struct NamedFile: IdentitySource {
    package let statement: IdentityStatement

    package init(_ name: FileName, _ pattern: NamePattern) { statement = pattern.read("\(name)") }
}
