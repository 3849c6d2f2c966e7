# Sources and libraries that Debian 12 lacks, from the npm packages that third_party/package-lock.json pins by hash:
#
#   duheng_sqlite3mc  SQLite with SQLite3MultipleCiphers, compiled here as a static C library
#   duheng_duckdb     DuckDB's shared library with its C and C++ headers, copied beside the programs (bin/)
#
# A part that needs one says: include(${CMAKE_SOURCE_DIR}/cmake/third_party.cmake). Both targets are global and made once.
include_guard(GLOBAL)

set(third_party_modules ${CMAKE_SOURCE_DIR}/third_party/node_modules)
set(sqlite3mc_dir ${third_party_modules}/better-sqlite3-multiple-ciphers/deps/sqlite3)
set(duckdb_include_dir ${third_party_modules}/duckdb/src/duckdb/src/include)
set(duckdb_library ${third_party_modules}/@duckdb/node-bindings-linux-x64/libduckdb.so)
foreach(needed ${sqlite3mc_dir}/sqlite3.c ${duckdb_include_dir}/duckdb.h ${duckdb_library})
  if(NOT EXISTS ${needed})
    message(FATAL_ERROR "${needed} is missing. Run `make setup`: it fetches the pinned third-party sources "
      "(npm ci --ignore-scripts in third_party/).")
  endif()
endforeach()

add_library(duheng_sqlite3mc STATIC ${sqlite3mc_dir}/sqlite3.c)
target_include_directories(duheng_sqlite3mc SYSTEM INTERFACE ${sqlite3mc_dir})
set_target_properties(duheng_sqlite3mc PROPERTIES C_STANDARD 11 C_EXTENSIONS ON POSITION_INDEPENDENT_CODE ON)
target_compile_options(duheng_sqlite3mc PRIVATE -w)
target_compile_definitions(duheng_sqlite3mc PRIVATE
  SQLITE_THREADSAFE=2              # one connection is used by one thread at a time; our pool sees to it
  SQLITE_TEMP_STORE=3              # sorters and temporary tables stay in memory: they would be plain text on the disk
  SQLITE_SECURE_DELETE=1
  SQLITE_DEFAULT_FOREIGN_KEYS=1
  SQLITE_DEFAULT_SYNCHRONOUS=2
  SQLITE_DEFAULT_WAL_SYNCHRONOUS=2 # FULL also in WAL: a committed transaction survives a power loss
  SQLITE_DEFAULT_MEMSTATUS=0
  SQLITE_DQS=0                     # "text" is never silently a string
  SQLITE_LIKE_DOESNT_MATCH_BLOBS
  SQLITE_MAX_EXPR_DEPTH=200
  SQLITE_MAX_ATTACHED=1           # VACUUM needs one
  SQLITE_OMIT_DEPRECATED
  SQLITE_OMIT_LOAD_EXTENSION
  SQLITE_OMIT_SHARED_CACHE
  SQLITE_TRUSTED_SCHEMA=0
  SQLITE_USE_URI=0
  SQLITE_ENABLE_API_ARMOR
  SQLITE_ENABLE_DBSTAT_VTAB
  SQLITE_ENABLE_FTS5
  SQLITE_ENABLE_MATH_FUNCTIONS
  SQLITE_ENABLE_RTREE
  SQLITE_ENABLE_STAT4
  HAVE_USLEEP=1
  # Of the ciphers only the one in use, so that no header or pragma can talk the library into a weak one.
  CODEC_TYPE=CODEC_TYPE_CHACHA20
  HAVE_CIPHER_AES_128_CBC=0 HAVE_CIPHER_AES_256_CBC=0 HAVE_CIPHER_CHACHA20=1 HAVE_CIPHER_SQLCIPHER=0
  HAVE_CIPHER_RC4=0 HAVE_CIPHER_ASCON128=0 HAVE_CIPHER_AEGIS=0)
target_link_libraries(duheng_sqlite3mc PUBLIC Threads::Threads PRIVATE ${CMAKE_DL_LIBS} m)

# Programs find the library relative to themselves ($ORIGIN), so that bin/ can be moved as a whole. In the cache, because
# the programs are made in other folders than the one that includes this file.
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON CACHE BOOL "Programs find shared libraries of the build relative to themselves")
# The copy is made at configure time, so that every program linked later finds it; it is skipped while it is up to date.
file(COPY ${duckdb_library} DESTINATION ${CMAKE_BINARY_DIR}/bin)
add_library(duheng_duckdb SHARED IMPORTED GLOBAL)
set_target_properties(duheng_duckdb PROPERTIES
  IMPORTED_LOCATION ${CMAKE_BINARY_DIR}/bin/libduckdb.so
  IMPORTED_SONAME libduckdb.so
  INTERFACE_INCLUDE_DIRECTORIES ${duckdb_include_dir}
  INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${duckdb_include_dir})
