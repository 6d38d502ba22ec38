namespace Dialtone.Cli.Tests;

/// <summary>Whether the long versions of tests were asked for, with <c>./test --long</c>.</summary>
internal static class RunLength
{
    public static bool IsLong => Environment.GetEnvironmentVariable("DIALTONE_TEST_LONG") is not null;
}
