using System.Runtime.InteropServices;
using System.Text;

namespace Dialtone.Commands;

/// <summary>Both ends of a command's streams. The command's ends are closed here once it has inherited them.</summary>
internal sealed unsafe class CommandStreams : IDisposable
{
    private const int OutputPipeBytes = 1024 * 1024, InputPipeBytes = 512 * 1024; // 1 MiB is what Linux grants everybody
    private readonly List<int> _theirs = [];
    private bool _isKept;

    private CommandStreams(PolledDescriptor input, PolledDescriptor output, PolledDescriptor? error) => (Input, Output, Error) = (input, output, error);

    public PolledDescriptor Input { get; }

    public PolledDescriptor Output { get; }

    public PolledDescriptor? Error { get; }

    public int ChildInput { get; private init; } = -1;

    public int ChildOutput { get; private init; } = -1;

    public int ChildError { get; private init; } = -1;

    public string? TerminalPath { get; private init; }

    public static CommandStreams Open(TerminalSize? terminal) => terminal is { } size ? OpenTerminal(size) : OpenPipes();

    /// <summary>Leaves this side's ends open when disposed: somebody has taken them.</summary>
    public void Keep() => _isKept = true;

    public void Dispose()
    {
        foreach (int descriptor in _theirs)
            _ = Calls.close(descriptor);
        _theirs.Clear();
        if (_isKept)
            return;
        Input.Dispose();
        Output.Dispose();
        Error?.Dispose();
    }

    private static CommandStreams OpenPipes()
    {
        var opened = new List<int>();
        try
        {
            (int inputRead, int inputWrite) = OpenPipe(opened);
            (int outputRead, int outputWrite) = OpenPipe(opened);
            (int errorRead, int errorWrite) = OpenPipe(opened);
            // Larger pipes where the system still grants them: fewer switches between command and server.
            _ = Calls.fcntl(outputRead, Calls.F_SETPIPE_SZ, OutputPipeBytes);
            _ = Calls.fcntl(inputWrite, Calls.F_SETPIPE_SZ, InputPipeBytes);
            var streams = new CommandStreams(
                new PolledDescriptor(inputWrite, forWriting: true), new PolledDescriptor(outputRead, forWriting: false), new PolledDescriptor(errorRead, forWriting: false))
            {
                ChildInput = inputRead,
                ChildOutput = outputWrite,
                ChildError = errorWrite,
            };
            streams._theirs.AddRange([inputRead, outputWrite, errorWrite]);
            return streams;
        }
        catch
        {
            foreach (int descriptor in opened)
                _ = Calls.close(descriptor);
            throw;
        }
    }

    private static CommandStreams OpenTerminal(TerminalSize size)
    {
        int master = Above2(Calls.posix_openpt(Calls.O_RDWR | Calls.O_NOCTTY | Calls.O_CLOEXEC));
        byte* name = stackalloc byte[128];
        if (master < 0 || Calls.grantpt(master) < 0 || Calls.unlockpt(master) < 0 || Calls.ptsname_r(master, name, 128) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (master >= 0)
                _ = Calls.close(master);
            throw new CommandException(CommandError.NotStarted, $"There is no terminal to be had: {Marshal.GetPInvokeErrorMessage(error)}.");
        }

        var output = new PolledDescriptor(master, forWriting: false);
        output.SetWindow(size);
        // A number of its own to wait for writing by.
        var input = new PolledDescriptor(Calls.fcntl(master, Calls.F_DUPFD_CLOEXEC, 3), forWriting: true);
        return new CommandStreams(input, output, null) { TerminalPath = Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)) };
    }

    private static (int Read, int Write) OpenPipe(List<int> opened)
    {
        int* pair = stackalloc int[2];
        if (Calls.pipe2(pair, Calls.O_CLOEXEC) < 0)
            throw new CommandException(CommandError.NotStarted, $"There is no pipe to be had: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
        int read = Above2(pair[0]), write = Above2(pair[1]);
        opened.AddRange([read, write]);
        return (read, write);
    }

    /// <summary>The numbers 0, 1 and 2 mean something else in the command; a process that closed them may be given them here.</summary>
    private static int Above2(int descriptor)
    {
        if (descriptor is < 0 or > 2)
            return descriptor;
        int higher = Calls.fcntl(descriptor, Calls.F_DUPFD_CLOEXEC, 3);
        _ = Calls.close(descriptor);
        return higher;
    }
}
