namespace Dialtone.Cli;

/// <summary>What is wrong in a config file, and where.</summary>
/// <param name="Line">The first is 1.</param>
/// <param name="Message">A sentence that says what to write instead.</param>
internal sealed record Mistake(int Line, string Message);
