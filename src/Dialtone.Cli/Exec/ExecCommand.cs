using System.Text;
using System.Text.Unicode;
using Dialtone.Commands;

namespace Dialtone.Cli;

/// <summary><c>dialtone exec</c>: runs a command elsewhere as if it ran here.</summary>
internal static class ExecCommand
{
    /// <summary>Flags that would be passed over in silence beside others.</summary>
    private static readonly (Flag[] Some, Flag[] Others, string Why)[] Apart =
    [
        ([ExecFlags.Tty], [ExecFlags.Json, ExecFlags.On, ExecFlags.Script], "it is for one command and the person at this terminal"),
        ([ExecFlags.Keep], [ExecFlags.Json, ExecFlags.On], "it is for one command that somebody comes back to"),
        ([ExecFlags.Runs, ExecFlags.Attach], [ExecFlags.On], "it is for one server"),
        ([ExecFlags.Runs, ExecFlags.Attach], [ExecFlags.Explain, ExecFlags.Keep, ExecFlags.Script, ExecFlags.Env, ExecFlags.Cwd, ExecFlags.Timeout], "it starts nothing"),
        ([ExecFlags.Attach], [ExecFlags.Runs, ExecFlags.Json], "it shows one command's output as it comes"),
        ([ExecFlags.Explain], [ExecFlags.Json], "it answers in words"),
    ];

    public static async Task<ExitCode> RunAsync(Arguments arguments)
    {
        ThreadPoolSpinning.TurnOff();
        Check(arguments);
        if (arguments.Has(ExecFlags.On))
            return await ManyHosts.RunAsync(arguments);
        if (arguments.Operands is not [var place, ..])
            throw CliException.Usage("ADDRESS is missing: dialtone exec ADDRESS -- COMMAND…", "'dialtone exec --help' says more.");
        ExecTarget target = ExecTarget.Read(place);
        string[] words = [.. arguments.Operands.Skip(1)];
        if (ExecFraming.Tutorial(arguments.Get(ExecFlags.Framing)) is not null)
            return await TutorialExec.RunAsync(arguments, target, words);

        await using CommandClient client = await ConnectAsync(arguments, target);
        if (arguments.Has(ExecFlags.Runs))
            return await KeptRuns.ListAsync(arguments, client);
        if (arguments.Get(ExecFlags.Attach) is { } run)
            return await TellAsync(() => ExecSession.RunAsync(client.AttachAsync(run), OpenInput(arguments, takesInput: !arguments.Has(ExecFlags.NoInput)), target, arguments.Has(ExecFlags.Tty)));
        if (words.Length == 0 && arguments.Has(ExecFlags.Script))
            words = ["sh"];
        if (words.Length == 0 && !arguments.Has(ExecFlags.Tty))
            return await ExecLoop.RunAsync(target.Address, line => RunAsync(arguments, client, target, Request(arguments, []) with { Line = line }, takesInput: false));
        CommandRequest request = Request(arguments, words.Length > 0 ? words : ["sh"]);
        if (arguments.Has(ExecFlags.Explain))
            return await ExplainAsync(client, request);
        return await RunAsync(arguments, client, target, request, takesInput: !arguments.Has(ExecFlags.NoInput));
    }

    public static CommandRequest Request(Arguments arguments, string[] words)
    {
        var environment = new Dictionary<string, string>();
        foreach (string variable in arguments.All(ExecFlags.Env))
        {
            int equals = variable.IndexOf('=', StringComparison.Ordinal);
            environment[variable[..equals]] = variable[(equals + 1)..];
        }

        var request = new CommandRequest(words)
        {
            Environment = environment,
            Folder = arguments.Get(ExecFlags.Cwd),
            TimeLimit = arguments.Find(ExecFlags.Timeout),
            Keep = arguments.Has(ExecFlags.Keep),
        };
        return arguments.Has(ExecFlags.Tty)
            ? request with { Terminal = TerminalWindow.Size, TerminalType = Environment.GetEnvironmentVariable("TERM") ?? "xterm-256color" }
            : request;
    }

    /// <summary>What a shell would report, and a sentence for what a status cannot say.</summary>
    public static ExitCode Explain(CommandException error)
    {
        Terminal.Complain(new CliException(ExitCode.ExecFailed, Printable.Of(error.Message, int.MaxValue), error.Reason == CommandError.ProtocolBroken ? "Does it want to know who calls (USER@…, --hmac-key-file, --key)? Is it a server of remote commands, in the same --framing?" : null));
        return CodeOf(error.Reason);
    }

    /// <summary>The exit code of a command that was not run, as shells have it.</summary>
    public static ExitCode CodeOf(CommandError reason) => reason switch
    {
        CommandError.NotFound => (ExitCode)127,
        CommandError.NotExecutable or CommandError.NotAllowed => (ExitCode)126,
        _ => ExitCode.ExecFailed,
    };

    /// <summary>Tells on standard error what an exit code cannot: why it was ended.</summary>
    public static void Tell(CommandReport report)
    {
        string? what = report.Reason switch
        {
            CommandEnd.TimeLimit => "it ran longer than it may",
            CommandEnd.CpuLimit => "it used more processor time than it may",
            CommandEnd.OutputLimit => "it wrote more than it may; the output ends there",
            CommandEnd.ProcessLimit => "it had more processes than it may",
            CommandEnd.MemoryLimit => "it wanted more memory than it may",
            CommandEnd.ServerStopping => "the server is stopping",
            _ => null,
        };
        if (what is not null)
            Terminal.Error.WriteLine($"dialtone: the command was ended: {what}.");
        else if (report is { Reason: CommandEnd.Finished, LeftProcessesBehind: true })
            Terminal.Error.WriteLine("dialtone: the command left processes behind; nothing more of them is shown.");
    }

    /// <summary>Calls the server and logs in.</summary>
    private static async Task<CommandClient> ConnectAsync(Arguments arguments, ExecTarget target)
    {
        try
        {
            return await target.ConnectAsync(arguments);
        }
        catch (CommandException e)
        {
            throw new CliException(ExitCode.ExecFailed, e.Message);
        }
    }

    private static void Check(Arguments arguments)
    {
        foreach ((Flag[] some, Flag[] others, string why) in Apart)
        {
            if (some.FirstOrDefault(arguments.Has) is { } one && others.FirstOrDefault(arguments.Has) is { } other)
                throw CliException.Usage($"{one.Name} does not go with {other.Name}: {why}.");
        }

        if (arguments.Operands.Concat(arguments.All(ExecFlags.Env)).Any(static word => word.Contains(Rune.ReplacementChar.ToString(), StringComparison.Ordinal)) && !IsCommandLineText())
            throw CliException.Usage("A word of the command line is not UTF-8, and would not arrive as it is.", "Bytes that are no text can go through standard input.");
        if ((arguments.Has(ExecFlags.Runs) || arguments.Has(ExecFlags.Attach)) && arguments.Operands.Count > 1)
            throw CliException.Usage("--runs and --attach run nothing: leave the command out.");
        if (arguments.Has(ExecFlags.On) && arguments.Get(ExecFlags.Script) == "-")
            throw CliException.Usage("With --on a script is read once for each server: name a file.");
        bool isTutorial = ExecFraming.Tutorial(arguments.Get(ExecFlags.Framing)) is not null;
        Flag[] native = [ExecFlags.Keep, ExecFlags.Runs, ExecFlags.Attach, ExecFlags.Tty, ExecFlags.Env, ExecFlags.Cwd, ExecFlags.Json, ExecFlags.Explain, ExecFlags.Script, ExecFlags.On, ExecFlags.Udp, PasswordInput.PasswordFile];
        if (isTutorial && native.FirstOrDefault(arguments.Has) is { } flag)
            throw CliException.Usage($"{flag.Name} needs the native protocol; the tutorials' servers know nothing of it.");
        if (arguments.Has(ExecFlags.Explain) && arguments.Operands.Count < (arguments.Has(ExecFlags.On) ? 1 : 2))
            throw CliException.Usage("--explain needs a command to explain: dialtone exec --explain ADDRESS -- COMMAND…");
    }

    /// <summary>Whether the words we were given are those we were called with: what is not UTF-8 was replaced.</summary>
    private static bool IsCommandLineText()
    {
        const string Words = "/proc/self/cmdline";
        return !File.Exists(Words) || Utf8.IsValid(File.ReadAllBytes(Words));
    }

    private static async Task<ExitCode> ExplainAsync(CommandClient client, CommandRequest request)
    {
        (ExitCode code, string words) = Explain(await client.ExplainAsync(request));
        Terminal.Out.WriteLine(words);
        return code;
    }

    /// <summary>What a policy says, and what would come of running it.</summary>
    public static (ExitCode Code, string Words) Explain(CommandDecision decision) =>
        (decision.IsAllowed ? ExitCode.Done : (ExitCode)126, $"{(decision.IsAllowed ? "allowed" : "refused")}: {Printable.Of(decision.Message, int.MaxValue)}");

    private static Task<ExitCode> RunAsync(Arguments arguments, CommandClient client, ExecTarget target, CommandRequest request, bool takesInput) =>
        TellAsync(() => arguments.Has(ExecFlags.Json)
            ? ExecJson.RunAsync(arguments, client, request)
            : ExecSession.RunAsync(client.StartAsync(request), OpenInput(arguments, takesInput), target, request.Terminal is not null));

    private static async Task<ExitCode> TellAsync(Func<Task<ExitCode>> run)
    {
        try
        {
            return await run();
        }
        catch (CommandException e)
        {
            return Explain(e);
        }
    }

    public static Stream? OpenInput(Arguments arguments, bool takesInput)
    {
        if (arguments.Get(ExecFlags.Script) is not { } script)
            return takesInput ? Terminal.OpenInput() : null;
        try
        {
            return script == "-" ? Terminal.OpenInput() : File.OpenRead(script);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Files, $"{script} cannot be read: {e.Message}");
        }
    }
}
