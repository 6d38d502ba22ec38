using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Dialtone.Commands;

/// <summary>Starts commands: in a session of their own, with nothing inherited but three descriptors, default signals, and the environment they are given.</summary>
/// <remarks>Linux 5.3 or later.</remarks>
public static class CommandRunner
{
    private const int EACCES = 13, ENOEXEC = 8, EPERM = 1, EISDIR = 21, ETXTBSY = 26, E2BIG = 7, ENOTDIR = 20;

    /// <summary>Whether this system lets <see cref="CommandLimits.MemoryBytes"/> be set: on Linux with a control group of the memory controller that this process may divide.</summary>
    public static bool CanBoundMemory => OperatingSystem.IsLinux() && MemoryGroup.IsAvailable;

    /// <summary>Starts a command.</summary>
    /// <param name="start">What, and within which bounds.</param>
    /// <param name="time">Where time comes from. Default the system's.</param>
    /// <exception cref="CommandException">It could not be started.</exception>
    /// <exception cref="PlatformNotSupportedException">This is not Linux.</exception>
    public static async Task<RunningCommand> StartAsync(CommandStart start, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(start);
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("Commands are run on Linux.");
        CheckTexts(start);
        string mark = $"{CommandStart.RunVariable}={start.RunId ?? NewRunId()}";
        List<string> environment = [mark];
        foreach ((string name, string value) in start.Environment)
        {
            if (name != CommandStart.RunVariable)
                environment.Add($"{name}={value}");
        }

        using var ends = CommandStreams.Open(start.Terminal);
        MemoryGroup? memory = start.Limits.MemoryBytes is { } bytes ? MemoryGroup.Create(bytes) : null;
        try
        {
            RunningCommand command = await StartAsync(start, time ?? TimeProvider.System, environment, mark, ends, memory).ConfigureAwait(false);
            memory = null; // the command's, from here on
            return command;
        }
        finally
        {
            memory?.Dispose();
        }
    }

    private static async Task<RunningCommand> StartAsync(
        CommandStart start, TimeProvider time, List<string> environment, string mark, CommandStreams ends, MemoryGroup? memory)
    {
        Spawned spawned = await Spawner.StartAsync(start, environment, ends.ChildInput, ends.ChildOutput, ends.ChildError, ends.TerminalPath).ConfigureAwait(false);
        if (spawned.Error != 0)
            throw NotStarted(start, spawned.Error);
        if (spawned.Pidfd < 0)
        {
            Discard(spawned);
            throw new CommandException(CommandError.NotStarted, "This system has no process descriptors (Linux 5.3), which are needed to run commands.");
        }

        try
        {
            memory?.Add(spawned.ProcessId, mark);
        }
        catch (IOException e)
        {
            Discard(spawned);
            throw new CommandException(CommandError.NotStarted, $"The command's memory cannot be bounded: {e.Message}", e);
        }

        ends.Keep();
        return new RunningCommand(start, time, spawned, mark, ends, memory);
    }

    private static unsafe void Discard(Spawned spawned)
    {
        _ = Calls.kill(-spawned.ProcessId, Calls.SIGKILL);
        _ = Calls.wait4(spawned.ProcessId, null, 0, null);
        if (spawned.Pidfd >= 0)
            _ = Calls.close(spawned.Pidfd);
    }

    /// <summary>A new name for a run: 16 hexadecimal digits that nobody can guess.</summary>
    internal static string NewRunId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>Finds a program by its name in folders, as a shell does; a name with a slash is a path.</summary>
    internal static string? Find(string name, string path)
    {
        if (name.Contains('/', StringComparison.Ordinal))
            return Path.IsPathRooted(name) ? name : null;
        foreach (string folder in path.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            string candidate = $"{folder}/{name}";
            if (Path.IsPathRooted(folder) && File.Exists(candidate) && IsExecutable(candidate))
                return candidate;
        }

        return null;
    }

    private static bool IsExecutable(string path) => !OperatingSystem.IsWindows()
        && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;

    private static void CheckTexts(CommandStart start)
    {
        if (!Path.IsPathRooted(start.Program) || !Path.IsPathRooted(start.Folder))
            throw new CommandException(CommandError.BadRequest, "A program and its folder are absolute paths.");
        IEnumerable<string> texts = [start.Program, start.Folder, .. start.Arguments, .. start.Environment.Keys, .. start.Environment.Values];
        if (texts.Any(text => text.Contains('\0', StringComparison.Ordinal)))
            throw new CommandException(CommandError.BadRequest, "A word of a command cannot hold a NUL.");
        if (start.Environment.Keys.Any(name => name.Length == 0 || name.Contains('=', StringComparison.Ordinal)))
            throw new CommandException(CommandError.BadRequest, "The name of an environment variable is not empty and holds no '='.");
        if (start.Terminal is { IsValid: false })
            throw new CommandException(CommandError.BadRequest, "A terminal has 1 to 65,535 columns and rows.");
        if (!Directory.Exists(start.Folder))
            throw new CommandException(CommandError.BadRequest, $"The folder {Printable.Of(start.Folder)} does not exist.");
    }

    private static CommandException NotStarted(CommandStart start, int error)
    {
        string program = Printable.Of(start.Program);
        return error switch
        {
            Calls.ENOENT or ENOTDIR => new CommandException(CommandError.NotFound, $"{program}: there is no such program, or the interpreter it names is missing."),
            EACCES or ENOEXEC or EPERM or EISDIR or ETXTBSY => new CommandException(CommandError.NotExecutable, $"{program}: {Marshal.GetPInvokeErrorMessage(error)}."),
            E2BIG => new CommandException(CommandError.BadRequest, "The words of the command and its environment are too long together."),
            _ => new CommandException(CommandError.NotStarted, $"{program}: {Marshal.GetPInvokeErrorMessage(error)}."),
        };
    }
}
