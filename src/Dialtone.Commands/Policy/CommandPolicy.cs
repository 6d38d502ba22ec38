using System.Text.Json;

namespace Dialtone.Commands;

/// <summary>Which commands may be run: none, those whose words fit the shapes in a file, or any.</summary>
/// <remarks>Words are looked at one by one, never as a line. What cannot be read or decided is refused.</remarks>
public sealed class CommandPolicy
{
    private const int MaxFileBytes = 1024 * 1024;

    private readonly IReadOnlyList<CommandRule> _rules;

    private CommandPolicy(IReadOnlyList<CommandRule> rules, bool allowsAnyCommand) => (_rules, AllowsAnyCommand) = (rules, allowsAnyCommand);

    /// <summary>Allows nothing.</summary>
    public static CommandPolicy Nothing { get; } = new([], allowsAnyCommand: false);

    /// <summary>Allows every program with any arguments, and shell lines: whoever gets in can do what this process's user can.</summary>
    public static CommandPolicy AnyCommandWhichIsDangerous { get; } = new([], allowsAnyCommand: true);

    /// <summary>Whether everything is allowed.</summary>
    public bool AllowsAnyCommand { get; }

    /// <summary>Reads a file of rules; docs/commands.md describes it.</summary>
    /// <exception cref="CommandException">It cannot be read, others than its owner may write it, or a part of it is not understood.</exception>
    public static CommandPolicy Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            const UnixFileMode Others = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
                throw Bad($"{path} may be written by others than its owner; run: chmod go-w {path}");
            if (new FileInfo(path).Length > MaxFileBytes)
                throw Bad($"{path} is longer than {MaxFileBytes} bytes.");
            return Parse(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(CommandError.BadPolicy, $"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads rules.</summary>
    /// <param name="json">In UTF-8, as in a file.</param>
    /// <exception cref="CommandException">A part of it is not understood.</exception>
    public static CommandPolicy Parse(ReadOnlySpan<byte> json)
    {
        PolicyFile? file;
        try
        {
            file = JsonSerializer.Deserialize(json, PolicyJson.Strict.PolicyFile);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new CommandException(CommandError.BadPolicy, $"The policy is not understood: {e.Message}", e);
        }

        if (file?.Rules is not { } rules)
            throw Bad("The policy has no \"rules\".");
        var read = new List<CommandRule>();
        foreach (RuleFile? rule in rules)
            read.Add(CommandRule.Read(rule ?? throw Bad("A rule is an object.")));
        if (read.GroupBy(rule => rule.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw Bad($"Two rules have the name '{twice.Key}'.");
        return new CommandPolicy(read, allowsAnyCommand: false);
    }

    /// <summary>Decides about a request; the first rule that fits is the one.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="user">Who asks, as far as that was proven.</param>
    /// <param name="settings">What every command gets.</param>
    internal CommandDecision Decide(CommandRequest request, string? user, CommandSettings settings)
    {
        if (AllowsAnyCommand)
            return AnyCommand.Decide(request, settings);
        if (request.Line is { } line)
        {
            if (!ShellWords.TrySplit(line, out IReadOnlyList<string> words, out string? problem))
                return Refuse(null, problem);
            request = new CommandRequest(words) { Environment = request.Environment, Folder = request.Folder, TimeLimit = request.TimeLimit, OutputLimit = request.OutputLimit };
        }

        if (request.Command is not [var program, ..])
            return Refuse(null, "There is no command.");
        CommandDecision? nearest = null;
        int depth = -1;
        foreach (CommandRule rule in _rules)
        {
            if (!rule.IsFor(program))
                continue;
            CommandDecision decision = rule.Decide(request, user, settings, out int matched);
            if (decision.IsAllowed)
                return decision;
            if (matched > depth)
                (nearest, depth) = (decision, matched);
        }

        return nearest ?? Refuse(null, $"No rule names the program '{Printable.Of(program)}'.");
    }

    internal static CommandDecision Refuse(string? rule, string message) => new() { Rule = rule, Message = message };

    internal static CommandException Bad(string message) => new(CommandError.BadPolicy, message);
}
