namespace Dialtone.Cli;

/// <summary>The rows of remote commands.</summary>
internal static class ExecVerbs
{
    public static Verb Serve { get; } = new("serve exec", "Run commands for callers, as far as a policy allows", ServeExec.RunAsync)
    {
        Checks = ServeExec.Checks,
        Flags =
        [
            new("What may be run", ServeExecFlags.Allow, ServeExecFlags.AllowAny, ServeExecFlags.Audit),
            new("Listening", ServeFlags.Listen, ServeFlags.Config, ServeExecFlags.Framing, ServeExecFlags.ReplyEncoding, ServeFlags.Backlog, ServeFlags.ReadyFile, ServeFlags.Engine, ServeFlags.Drain, ServeFlags.Verbose),
            new("Who is let in", HmacFlags.KeyFile, HmacFlags.Digest, ServeExecFlags.Accounts, ServeExecFlags.AllowKey, ServeFlags.TlsCertificate, ServeFlags.TlsKey),
            new("Limits", ServeExecFlags.TimeLimit, ServeExecFlags.CpuLimit, ServeExecFlags.OutputLimit, ServeExecFlags.ProcessLimit, ServeExecFlags.MemoryLimit, ServeExecFlags.MaxRunning, ServeExecFlags.MaxKept, ServeExecFlags.KeptOutput, ServeExecFlags.KeepFor, ServeExecFlags.Folder, ServeFlags.MaxConnections, ServeFlags.MaxPerAddress, ServeFlags.Idle, ServeFlags.FirstByte),
        ],
        Details = ["Without --listen it listens on tcp://127.0.0.1:7071. A udp:// address beside a tls:// one takes those who have been let in there; alone and with --framing raw it answers the tutorials' datagrams. Commands get an environment made from nothing, a session of their own, and end with all their processes when the caller leaves."],
        Examples =
        [
            "dialtone serve exec --allow rules.json --hmac-key-file key",
            "dialtone serve exec --listen tls://*:7071 udp://*:7071 --config exec.json",
            "dialtone serve exec --framing int32 --allow-any-command",
        ],
    };

    public static Verb Exec { get; } = new("exec", "Run a command on a server", ExecCommand.RunAsync)
    {
        Operands = ["[ADDRESS]", "[COMMAND]…"],
        OwnFailure = ExitCode.ExecFailed,
        Flags =
        [
            new("Command", ExecFlags.Tty, ExecFlags.NoInput, ExecFlags.Timeout, ExecFlags.Env, ExecFlags.Cwd, ExecFlags.Script, ExecFlags.Json, ExecFlags.Explain),
            new("Commands that outlive us", ExecFlags.Keep, ExecFlags.Runs, ExecFlags.Attach),
            new("Server", ExecFlags.Framing, ServeExecFlags.ReplyEncoding, CallFlags.Wait, ExecFlags.Udp, ExecFlags.On, ExecFlags.Jobs),
            new("Trust", HmacFlags.AnswerKeyFile, HmacFlags.Digest, PasswordInput.PasswordFile, CallFlags.Key, CallFlags.Trust, CallFlags.KnownHosts),
        ],
        Details =
        [
            "The words behind -- are the command's, one by one; no shell looks at them. Its output, errors and exit code are ours; Ctrl-C reaches it, twice ends it. Without a command: one a line from the keyboard, 'quit' leaves.",
            "ADDRESS may be a host name, with a user before it: [USER@]HOST is tls://HOST:7071. udp://HOST:PORT logs in over TLS at the same port and goes on in datagrams, as --udp does; the tutorials' form of udp:// is --framing raw. The tutorials' servers get the words joined by spaces, and tell no status.",
            "Exit codes: the command's; 124 it was ended by a time limit; 126 it may not or cannot be run; 127 there is no such program; 128 and a signal's number; 255 it is not known, since the call failed.",
        ],
        Examples =
        [
            "dialtone exec example.org -- uptime",
            "dialtone exec --udp alice@example.org -- make -C /srv/site",
            "dialtone exec --keep example.org -- ./nightly-build",
            "dialtone exec --attach 0123456789abcdef example.org",
            "dialtone exec -t tls://example.org:7071 -- vim notes.txt",
            "dialtone exec --framing int32 tcp://127.0.0.1:7071 -- ls -l",
        ],
    };
}
