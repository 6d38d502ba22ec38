#pragma warning disable RS0030 // the one file that talks to the console
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Cli;

/// <summary>Standard input, output and error. Results go to output, everything else to error.</summary>
internal static class Terminal
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);
    private static readonly TextWriter ToError =
        TextWriter.Synchronized(new StreamWriter(Open(2), Utf8) { AutoFlush = true, NewLine = "\n" });

    private static StandardOutput? _content;
    private static bool _hasFailed;

    private const string FoldIndent = "  ";

    /// <summary>Buffered until <see cref="Flush"/>. Not <c>Console.Out</c>, which looks up what the terminal can do before the first letter.</summary>
    public static TextWriter Out { get; } = new StreamWriter(Open(1), Utf8) { NewLine = "\n" };

    /// <summary>Sent at once, and safe for many threads.</summary>
    public static TextWriter Error { get; private set; } = ToError;

    /// <summary>Whether writing to standard output failed.</summary>
    public static bool OutputIsGone => _hasFailed || _content is { IsGone: true };

    public static bool InputIsInteractive => !Console.IsInputRedirected;

    /// <summary>Whether help may be set in bold: on a terminal, unless NO_COLOR or a dumb terminal asks for plain text.</summary>
    public static bool UsesStyle { get; } = !Console.IsOutputRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");

    public static bool OutputIsInteractive => !Console.IsOutputRedirected;

    public static bool ErrorIsInteractive => !Console.IsErrorRedirected;

    /// <summary>Bytes as they are typed. At a terminal not the console's stream, which edits lines itself, asks the terminal where its cursor is,
    /// and waits for the answer: the system's own line editing is what people expect, and scripts can drive.</summary>
    public static Stream OpenInput() => InputIsInteractive && !OperatingSystem.IsWindows()
        ? new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0)
        : Console.OpenStandardInput();

    public static Stream OpenOutput() => Open(1);

    /// <summary>Standard output for content: it fails when its reader has left, since the rest need not come then.</summary>
    public static Stream OpenContentOutput() => OperatingSystem.IsWindows() ? Console.OpenStandardOutput() : _content = new StandardOutput(1, failsWhenGone: true);

    /// <summary>Standard error for content, in the same way.</summary>
    public static Stream OpenContentError() => OperatingSystem.IsWindows() ? Console.OpenStandardError() : new StandardOutput(2, failsWhenGone: true);

    /// <summary>A name for standard output: made printable on a terminal, as it is for scripts.</summary>
    public static string Name(string name) => OutputIsInteractive ? Printable.Of(name, int.MaxValue) : name;

    /// <summary>Says no more to people: the terminal they sat at is gone, and writing to it fails.</summary>
    public static void Mute() => Error = TextWriter.Null;

    /// <summary>Sends what is said to people elsewhere, line by line, until the result is disposed.</summary>
    public static IDisposable DivertError(Action<string> line) => new Diversion(line);

    public static Stream OpenError() => Console.OpenStandardError();

    public static void Flush()
    {
        try
        {
            Out.Flush();
        }
        catch (IOException)
        {
            _hasFailed = true;
        }
    }

    public static void Complain(CliException error)
    {
        Say($"dialtone: {error.Message}");
        if (error.Advice is { } advice)
            Advise(advice);
    }

    /// <summary>Tells people something: a line, which a terminal gets in as many as it needs, broken between words.</summary>
    public static void Say(string text) => Error.WriteLine(Folded(text));

    /// <summary>Tells people what to do about what was said last.</summary>
    public static void Advise(string advice) => Error.WriteLine(Folded($"{FoldIndent}{advice}"));

    private static string Folded(string text) => ErrorIsInteractive && ReferenceEquals(Error, ToError)
        ? string.Join('\n', text.Split('\n').Select(static line => Help.Fold(line, TerminalWindow.Width, FoldIndent)))
        : text;

    private static Stream Open(int descriptor)
    {
        if (!OperatingSystem.IsWindows())
            return new StandardOutput(descriptor, failsWhenGone: false);
        return descriptor == 1 ? Console.OpenStandardOutput() : Console.OpenStandardError();
    }

    private sealed class Diversion : IDisposable
    {
        private readonly TextWriter _before = Error;
        private readonly TextWriter _instead;

        public Diversion(Action<string> line) => Error = _instead = TextWriter.Synchronized(new LineWriter(line));

        public void Dispose()
        {
            if (ReferenceEquals(Error, _instead)) // and not muted meanwhile
                Error = _before;
        }
    }

    private sealed class LineWriter(Action<string> line) : StringWriter(System.Globalization.CultureInfo.InvariantCulture)
    {
        public override void WriteLine(string? value)
        {
            Write(value);
            line(ToString());
            GetStringBuilder().Clear();
        }
    }
}
