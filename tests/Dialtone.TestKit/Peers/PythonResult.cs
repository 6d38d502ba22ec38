namespace Dialtone;

/// <summary>How a <see cref="PythonPeer"/> ended.</summary>
/// <param name="ExitCode">0 when it ended well.</param>
/// <param name="Output">What it wrote to standard output and nobody has read yet.</param>
/// <param name="Error">What it wrote to standard error: the traceback, if it failed.</param>
public sealed record PythonResult(int ExitCode, string Output, string Error);
