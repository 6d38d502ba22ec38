using System.Globalization;

namespace Dialtone.Commands;

/// <summary>One rule: a program, the shapes of its arguments, who may, and within which bounds.</summary>
internal sealed class CommandRule
{
    private readonly string _program;
    private readonly IReadOnlyList<ArgumentShape> _shapes;
    private readonly RuleFile _file;
    private readonly CommandLimits _limits;
    private readonly UnixFileMode? _umask;

    private CommandRule(string name, string program, IReadOnlyList<ArgumentShape> shapes, RuleFile file, CommandLimits limits, UnixFileMode? umask) =>
        (Name, _program, _shapes, _file, _limits, _umask) = (name, program, shapes, file, limits, umask);

    public string Name { get; }

    /// <summary>Checks what is written; a rule that is not wholly understood is none.</summary>
    public static CommandRule Read(RuleFile file)
    {
        if (string.IsNullOrWhiteSpace(file.Name))
            throw CommandPolicy.Bad("A rule has no \"name\".");
        string rule = $"The rule '{Printable.Of(file.Name)}'";
        Check(file, rule);
        try
        {
            var limits = new CommandLimits
            {
                Time = Seconds(file.Seconds),
                CpuTime = Seconds(file.CpuSeconds),
                OutputBytes = file.OutputBytes,
                Processes = file.Processes,
                MemoryBytes = file.MemoryBytes,
            };
            if (limits.MemoryBytes is not null && !CommandRunner.CanBoundMemory)
                throw CommandPolicy.Bad($"{rule}: \"memoryBytes\" needs a control group, and this system gives the server none (docs/commands.md).");
            UnixFileMode? umask = file.Umask is { } mask ? (UnixFileMode)Convert.ToInt32(mask, 8) : null;
            return new CommandRule(file.Name, file.Program!, ArgumentShape.ReadAll(file.Arguments!, rule), file, limits, umask);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException)
        {
            throw new CommandException(CommandError.BadPolicy, $"{rule}: {e.Message}", e);
        }
    }

    /// <summary>Whether the word names this rule's program: by its path, or by its name. No other way leads to it.</summary>
    public bool IsFor(string word) => word == _program || word == Path.GetFileName(_program);

    public CommandDecision Decide(CommandRequest request, string? user, CommandSettings settings, out int matched)
    {
        matched = 0;
        if (_file.Users is { } users && (user is null || !users.Contains(user, StringComparer.Ordinal)))
            return Refuse("it is for other users.");
        string folder = _file.Folder ?? settings.Folder;
        var passed = new List<string>();
        var words = new ArgumentMatch([.. request.Command.Skip(1)], _shapes, folder);
        if (!words.TryMatch(passed))
        {
            matched = 1 + words.Deepest;
            return Refuse(words.Complaint);
        }

        matched = int.MaxValue;
        if (request.Folder is not null && request.Folder != folder)
            return Refuse("the caller may not choose the folder.");
        if (request.Terminal is not null && !_file.Terminal)
            return Refuse("it is not run with a terminal.");
        CommandStart start = settings.Prepare(request, _program, passed, request.Command[0]);
        var environment = new Dictionary<string, string>(start.Environment);
        foreach ((string name, string value) in _file.Environment ?? [])
            environment[name] = value;
        foreach ((string name, string value) in request.Environment)
        {
            if (_file.AllowEnvironment?.Contains(name, StringComparer.Ordinal) is not true)
                return Refuse($"the caller may not set the variable '{Printable.Of(name)}'.");
            environment[name] = value;
        }

        return new CommandDecision
        {
            Rule = Name,
            Message = $"Rule '{Printable.Of(Name)}' allows it.",
            Start = start with { Environment = environment, Folder = folder, Umask = _umask, Limits = start.Limits.And(_limits) },
        };
    }

    private static void Check(RuleFile file, string rule)
    {
        if (file.Program is null || file.Program.Contains('\0', StringComparison.Ordinal) || !Path.IsPathRooted(file.Program)
            || Path.GetFullPath(file.Program) != file.Program || file.Program.EndsWith('/'))
        {
            throw CommandPolicy.Bad($"{rule}: \"program\" must be the absolute path of a file, without . or .. in it.");
        }

        if (file.Arguments is null)
            throw CommandPolicy.Bad($"{rule} has no \"arguments\"; write [] for none.");
        if (file.Folder is { } folder && !Path.IsPathRooted(folder))
            throw CommandPolicy.Bad($"{rule}: \"folder\" must be an absolute path.");
        if (file.Users?.Contains(null!) is true || file.AllowEnvironment?.Contains(null!) is true)
            throw CommandPolicy.Bad($"{rule}: \"users\" and \"allowEnvironment\" are lists of texts.");
        if (file.Environment?.All(static variable => variable is { Key.Length: > 0, Value: { } value } && !variable.Key.AsSpan().ContainsAny('=', '\0') && !value.Contains('\0', StringComparison.Ordinal)) is false)
            throw CommandPolicy.Bad($"{rule}: \"environment\" has names without '=' in them, and texts.");
        if (file is { OutputBytes: < 1 } or { Processes: < 1 })
            throw CommandPolicy.Bad($"{rule}: \"outputBytes\" and \"processes\" are at least 1.");
        if (file.MemoryBytes is < CommandLimits.LeastMemoryBytes)
            throw CommandPolicy.Bad($"{rule}: \"memoryBytes\" is at least 1 MiB, which is {CommandLimits.LeastMemoryBytes}.");
        if (file.Umask is { } mask && (mask.Length is 0 or > 4 || mask.AsSpan().ContainsAnyExceptInRange('0', '7') || Convert.ToInt32(mask, 8) > 0b111_111_111))
            throw CommandPolicy.Bad($"{rule}: \"umask\" is \"000\" to \"777\", in octal.");
    }

    private CommandDecision Refuse(string why) => CommandPolicy.Refuse(Name, $"Rule '{Printable.Of(Name)}': {why}");

    private static TimeSpan? Seconds(double? seconds) => seconds is { } given
        ? given is > 0 and < 1e9 ? TimeSpan.FromSeconds(given) : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"{given} is not a number of seconds above 0."))
        : null;
}
