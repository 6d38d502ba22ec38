using System.Runtime.InteropServices;
using Dialtone.Commands;

namespace Dialtone.Cli;

/// <summary>The size of the terminal this process is at.</summary>
internal static partial class TerminalWindow
{
    private const int ErrorDescriptor = 2;
    private static readonly TerminalSize Usual = new(80, 24);

    public static TerminalSize Size
    {
        get
        {
            foreach (int descriptor in (ReadOnlySpan<int>)[1, 0, 2])
            {
                if (Of(descriptor) is { Rows: > 0, Columns: > 0 } window)
                    return new TerminalSize(window.Columns, window.Rows);
            }

            return Usual;
        }
    }

    /// <summary>Cells in a line of the terminal that messages go to; 80 where nobody knows.</summary>
    public static int Width
    {
        get
        {
            if (Of(ErrorDescriptor) is { Columns: > 0 } window)
                return window.Columns;
            return int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), out int columns) && columns > 0 ? columns : Usual.Columns;
        }
    }

    private static Window? Of(int descriptor)
    {
        ulong request = OperatingSystem.IsMacOS() ? 0x40087468UL : 0x5413UL; // TIOCGWINSZ
        return !OperatingSystem.IsWindows() && GetSize(descriptor, request, out Window window) == 0 ? window : null;
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int GetSize(int descriptor, ulong request, out Window window);

    [StructLayout(LayoutKind.Sequential)]
    private struct Window
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }
}
