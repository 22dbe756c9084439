namespace HealthChain.Storage.Sqlite;

/// <summary>The store cannot be opened or is damaged; the message says what to do and holds no data of a resource.</summary>
public sealed class StoreException(string message, Exception? inner = null) : IOException(message, inner);
