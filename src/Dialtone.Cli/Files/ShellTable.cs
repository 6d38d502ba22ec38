using System.Diagnostics;

namespace Dialtone.Cli;

/// <summary>A shell on some server.</summary>
internal interface IShell
{
    /// <summary>Whether it was left.</summary>
    bool IsOver { get; }

    string Prompt { get; }

    IEnumerable<string> CommandNames { get; }

    /// <summary>Does what a line says.</summary>
    /// <exception cref="CliException">It cannot be understood, or not be done.</exception>
    Task<ExitCode> DoAsync(string line, CancellationToken cancellationToken);

    /// <summary>Goes into a folder of the server.</summary>
    Task<ExitCode> EnterAsync(string text, CancellationToken cancellationToken);

    /// <summary>The names in a folder of the server, for Tab.</summary>
    Task<IReadOnlyList<(string Name, bool IsFolder)>> NamesAsync(string folder, CancellationToken cancellationToken);
}

/// <summary>What the commands of all shells share.</summary>
internal static class ShellTable
{
    /// <summary>A command as a row.</summary>
    public static Verb Command(string name, string operands, Func<Arguments, Task<ExitCode>> run, params Flag[] flags) => new(name, operands, run)
    {
        Operands = [.. operands.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(word => !word.StartsWith("[-", StringComparison.Ordinal))],
        Flags = [new("Flags", flags)],
    };

    public static string Help(IEnumerable<Verb> commands) => string.Join('\n', commands.Select(command => $"  {command.Name} {command.Summary}".TrimEnd()))
        + "\n  !COMMAND\n\nWith several words the last of get is a place here, and the last of put a place there.";

    /// <summary>Does what a line says.</summary>
    /// <exception cref="CliException">It cannot be understood.</exception>
    public static async Task<ExitCode> RunAsync(string line, IReadOnlyList<Verb> commands, CancellationToken cancellationToken)
    {
        line = line.Trim();
        if (line.Length == 0 || line[0] == '#')
            return ExitCode.Done;
        if (line[0] == '!')
            return await RunHereAsync(line[1..], cancellationToken);
        List<string> words = ShellWords.Split(line);
        string name = words[0] switch { "?" => "help", "dir" => "ls", "bye" => "exit", var word => word };
        if (commands.All(command => command.Name != name))
        {
            throw CliException.Usage(
                $"There is no command '{Printable.Of(name)}'.",
                Spelling.Nearest(name, commands.Select(command => command.Name)) is { } near ? $"Did you mean {near}?" : "'help' lists the commands.");
        }

        Arguments arguments = Parser.Parse([name, .. words.Skip(1)], commands);
        return await arguments.Verb.Run(arguments);
    }

    /// <summary>Goes into a folder of this machine.</summary>
    public static Task<ExitCode> ChangeHere(string? text)
    {
        string folder = text is null ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) : RemotePattern.ExpandLocal(text)[0];
        if (!Directory.Exists(folder))
            throw new CliException(ExitCode.Files, $"There is no folder {Printable.Of(folder)} on this machine.");
        Directory.SetCurrentDirectory(folder);
        return Task.FromResult(ExitCode.Done);
    }

    public static Task<ExitCode> SayAsync(string text)
    {
        Terminal.Out.WriteLine(text);
        return Task.FromResult(ExitCode.Done);
    }

    private static async Task<ExitCode> RunHereAsync(string command, CancellationToken cancellationToken)
    {
        Terminal.Flush();
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]))!;
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0 ? ExitCode.Done : ExitCode.Failed;
    }
}
