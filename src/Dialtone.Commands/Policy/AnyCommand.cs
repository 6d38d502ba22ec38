namespace Dialtone.Commands;

/// <summary>The policy without rules: what is asked for is what is run.</summary>
internal static class AnyCommand
{
    public const string Rule = "any-command";

    public static CommandDecision Decide(CommandRequest request, CommandSettings settings)
    {
        CommandStart start;
        if (request.Line is { } line)
        {
            if (request.Command.Count > 0)
                return CommandPolicy.Refuse(Rule, "A request has words or a line, not both.");
            start = settings.Prepare(request, "/bin/sh", ["-c", line], "sh");
        }
        else if (request.Command is not [var program, ..] || program.Length == 0)
        {
            return CommandPolicy.Refuse(Rule, "There is no command.");
        }
        else if (request.Folder is { } folder && !Path.IsPathRooted(folder))
        {
            return CommandPolicy.Refuse(Rule, $"The folder '{Printable.Of(folder)}' is not an absolute path.");
        }
        else
        {
            // One that is not found is left to fail as one: its path names it in the message.
            string path = CommandRunner.Find(program, settings.SearchPath) ?? (program.Contains('/', StringComparison.Ordinal)
                ? Path.GetFullPath(program, request.Folder ?? settings.Folder)
                : $"/usr/bin/{program}");
            start = settings.Prepare(request, path, [.. request.Command.Skip(1)], program);
        }

        var environment = new Dictionary<string, string>(start.Environment);
        foreach ((string name, string value) in request.Environment)
            environment[name] = value;
        start = start with { Environment = environment, Folder = request.Folder ?? start.Folder };
        return new CommandDecision { Rule = Rule, Message = "Any command is allowed.", Start = start };
    }
}
