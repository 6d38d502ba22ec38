using static Dialtone.Files.Tests.StoreUse;

namespace Dialtone.Files.Tests;

/// <summary>A disk of some format, in an image that is mounted while a class of tests runs; or why there is none.</summary>
public abstract class DiskFormat : IDisposable
{
    private readonly string _top = Directory.CreateTempSubdirectory("dialtone-disk-").FullName;

    protected DiskFormat(long size, string program, params string[] arguments)
    {
        string image = Path.Combine(_top, "image");
        using (FileStream file = File.Create(image))
            file.SetLength(size);
        Directory.CreateDirectory(Folder);
        Missing = !Host.IsRoot ? "mounting needs root"
            : Mount.Run(program, [.. arguments, image]) != 0 ? $"{program} is not here"
            : Mount.Run("mount", "-o", "loop", image, Folder) != 0 ? "this kernel does not mount it, or mounting is not allowed here"
            : null;
    }

    /// <summary>Why its tests are skipped; null if they are not.</summary>
    public string? Missing { get; }

    public string Folder => Path.Combine(_top, "disk");

    public void Dispose()
    {
        if (Missing is null && Mount.Run("umount", Folder) != 0)
            Mount.Run("umount", "-l", Folder);
        Directory.Delete(_top, recursive: true);
        GC.SuppressFinalize(this);
    }
}

/// <summary>The whole suite of the store on a disk of some format.</summary>
public abstract class DiskFormatTests : StoreConformance, IDisposable
{
    private readonly LocalFileStore _store;
    private readonly string _folder;

    protected DiskFormatTests(DiskFormat disk)
    {
        Assert.SkipWhen(disk.Missing is not null, disk.Missing ?? "");
        _folder = Directory.CreateDirectory(Path.Combine(disk.Folder, Guid.NewGuid().ToString("N"))).FullName;
        _store = LocalFileStore.Open(_folder);
    }

    protected override IFileStore Store => _store;

    [Fact] // J21
    public async Task A_copy_on_the_server_is_whole_and_keeps_its_holes()
    {
        const int length = 24 << 20, at = 9 << 20;
        byte[] middle = [.. Enumerable.Range(0, 700_001).Select(i => (byte)((i * 7) + 1))];
        using (FileStream sparse = File.Create(Path.Combine(_folder, "sparse")))
        {
            sparse.SetLength(length);
            sparse.Position = at;
            sparse.Write(middle);
        }

        using (IStoredFile source = await Store.OpenAsync(At("/sparse")))
        {
            await using IStagedFile staged = await Store.StageAsync(length, default);
            await staged.AppendAsync(source, 0, length);
            await Store.PublishAsync(staged, At("/copy"), new PublishOptions());
        }

        byte[] content = await Store.ReadAsync("/copy");
        Assert.Equal(length, content.Length);
        Assert.True(content.AsSpan(at, middle.Length).SequenceEqual(middle));
        Assert.False(content.AsSpan(0, at).ContainsAnyExcept((byte)0) || content.AsSpan(at + middle.Length).ContainsAnyExcept((byte)0));
        Assert.InRange(StagingTests.AllocatedBytes(Path.Combine(_folder, "copy")), 0, 4 << 20);
    }

    public void Dispose()
    {
        _store.Dispose();
        GC.SuppressFinalize(this);
    }
}

public sealed class Ext4StoreTests(Ext4StoreTests.Disk disk) : DiskFormatTests(disk), IClassFixture<Ext4StoreTests.Disk>
{
    public sealed class Disk() : DiskFormat(96 << 20, "mkfs.ext4", "-q", "-F");
}

public sealed class XfsStoreTests(XfsStoreTests.Disk disk) : DiskFormatTests(disk), IClassFixture<XfsStoreTests.Disk>
{
    public sealed class Disk() : DiskFormat(320 << 20, "mkfs.xfs", "-q");
}

public sealed class BtrfsStoreTests(BtrfsStoreTests.Disk disk) : DiskFormatTests(disk), IClassFixture<BtrfsStoreTests.Disk>
{
    public sealed class Disk() : DiskFormat(160 << 20, "mkfs.btrfs", "-q");
}
