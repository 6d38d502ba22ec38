using System.Diagnostics;

namespace Dialtone.Files.Tests;

/// <summary>Something mounted for the length of a test; the test is skipped where that is not allowed.</summary>
internal sealed class Mount : IDisposable
{
    private readonly string _folder;

    private Mount(string folder) => _folder = folder;

    /// <summary>A small disk in memory.</summary>
    public static Mount Memory(string folder, string size) => At(folder, "-t", "tmpfs", "-o", "size=" + size, "tmpfs");

    /// <summary>A disk image with ext4 on it. Nothing is written back before it is asked for.</summary>
    public static Mount Image(string folder, string image) => At(folder, "-t", "ext4", "-o", "loop,commit=3000", image);

    public void Dispose()
    {
        if (Run("umount", _folder) != 0)
            Run("umount", "-l", _folder);
    }

    /// <summary>Runs a program of the system; its exit code, or -1 if there is no such program.</summary>
    public static int Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }

    private static Mount At(string folder, params string[] arguments)
    {
        Assert.SkipUnless(Host.IsRoot, "mounting needs root");
        Directory.CreateDirectory(folder);
        Assert.SkipUnless(Run("mount", [.. arguments, folder]) == 0, "mounting is not allowed here");
        return new Mount(folder);
    }
}
