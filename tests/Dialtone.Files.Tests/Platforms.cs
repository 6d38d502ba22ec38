// Modes, links and system calls: these tests are for systems that have them.
[assembly: System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
