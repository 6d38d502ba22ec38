using System.Runtime.InteropServices;
using Dialtone.Commands;

namespace Dialtone.Cli;

/// <summary>The size of the terminal this process is at.</summary>
internal static partial class TerminalWindow
{
    private static readonly TerminalSize Usual = new(80, 24);

    public static TerminalSize Size
    {
        get
        {
            ulong request = OperatingSystem.IsMacOS() ? 0x40087468UL : 0x5413UL; // TIOCGWINSZ
            foreach (int descriptor in (ReadOnlySpan<int>)[1, 0, 2])
            {
                if (!OperatingSystem.IsWindows() && GetSize(descriptor, request, out Window window) == 0 && window is { Rows: > 0, Columns: > 0 })
                    return new TerminalSize(window.Columns, window.Rows);
            }

            return Usual;
        }
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
