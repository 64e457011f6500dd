# These libraries bring forty others with them (ICU, OpenSSL, Kerberos, LDAP, ...), and only a server or a web page needs them:
# linked as usual, they are most of the time in which `guidepost ask` starts. So the program is linked without them. Who
# needs one opens it first (LIBRARY_XML in kb/source_html.c, LIBRARY_STEMMER in kb/snowball.c, the others, LIBRARY_CURL to LIBRARY_QR, through
# bot/library.c), and from then on lazy binding finds every function when it is first called, as it always does.
#
# For the linker their names are made weak, in copies of our own libraries; all other names must be there. Tests, and whatever
# has a sanitizer, link the originals with all libraries, so a name that is nowhere is an error there. Only functions can be
# had in this way: use no variable of these libraries.
option(GUIDEPOST_LATE "Open libxml2, libcurl, libwebsockets, libuv, zlib, libcrypto and libqrencode when first needed" ON)
if(GUIDEPOST_SANITIZE OR NOT CMAKE_OBJCOPY OR NOT CMAKE_READELF)
  set(GUIDEPOST_LATE OFF)
endif()

set(STEMMER_LINK_LIBRARIES ${STEMMER_LIB})
foreach(t XML STEMMER CURL LWS ZLIB UV CRYPTO QR)
  list(GET ${t}_LINK_LIBRARIES 0 path)
  get_filename_component(LIBRARY_${t} ${path} NAME)
  if(CMAKE_READELF)
    execute_process(COMMAND ${CMAKE_READELF} -d ${path} OUTPUT_VARIABLE dynamic ERROR_QUIET)
    if(dynamic MATCHES "SONAME[^[]*\\[([^]]+)\\]")
      set(LIBRARY_${t} ${CMAKE_MATCH_1})
    endif()
  endif()
endforeach()
target_compile_definitions(kb PRIVATE LIBRARY_XML="${LIBRARY_XML}" LIBRARY_STEMMER="${LIBRARY_STEMMER}")
target_compile_definitions(bot PRIVATE LIBRARY_CURL="${LIBRARY_CURL}" LIBRARY_LWS="${LIBRARY_LWS}"
  LIBRARY_ZLIB="${LIBRARY_ZLIB}" LIBRARY_UV="${LIBRARY_UV}" LIBRARY_CRYPTO="${LIBRARY_CRYPTO}" LIBRARY_QR="${LIBRARY_QR}")

# Every library that the loader opens is felt at a start, SQLite's most: some 300 of its own names are looked up by name. Those
# without a network behind them are linked into the program where the distribution has them as archives, too. A newer one
# is taken up by the next build.
set(INSIDE "")
foreach(pair cmark-gfm-extensions:${CMARK_EXT_LIB} cmark-gfm:${CMARK_LIB} stemmer:${STEMMER_LIB} yaml:PkgConfig::YAML
    utf8proc:PkgConfig::UTF8PROC sodium:PkgConfig::SODIUM sqlite3:PkgConfig::SQLITE)
  string(REGEX MATCH "^([^:]+):(.+)$" pair ${pair})
  find_library(ARCHIVE_${CMAKE_MATCH_1} lib${CMAKE_MATCH_1}.a)
  if(ARCHIVE_${CMAKE_MATCH_1})
    list(APPEND INSIDE ${ARCHIVE_${CMAKE_MATCH_1}})
  else()
    list(APPEND INSIDE ${CMAKE_MATCH_2})
  endif()
endforeach()

# Of libstemmer's archive only English: names that its table of languages has of others are nothing (kb/snowball.c).
if(ARCHIVE_stemmer)
  execute_process(COMMAND ${CMAKE_NM} --undefined-only ${ARCHIVE_stemmer} OUTPUT_VARIABLE names ERROR_QUIET)
  string(REGEX MATCHALL "[a-z]+_(UTF_8|ISO_8859_[0-9]+|KOI8_R)_(create_env|close_env|stem)" names "${names}")
  if("english_UTF_8_stem" IN_LIST names)
    list(FILTER names EXCLUDE REGEX "^english_UTF_8")
    list(REMOVE_DUPLICATES names)
    list(TRANSFORM names APPEND " = 0$<SEMICOLON>")
    list(JOIN names "\n" names)
    file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/stemmer.ld CONTENT "${names}\n")
    list(PREPEND INSIDE ${CMAKE_CURRENT_BINARY_DIR}/stemmer.ld) # before the archive that asks
  endif()
endif()

# Five thousand pointers in tables are made to fit where the program was loaded: written down
# as bits they are read in no time.
include(CheckLinkerFlag)
check_linker_flag(C "-Wl,-z,pack-relative-relocs" GUIDEPOST_PACKED)

# Link `target`, the program, with our libraries.
function(link_late target)
  foreach(lib kb bot)
    set(copy ${CMAKE_CURRENT_BINARY_DIR}/lib${lib}_late.a)
    add_custom_command(OUTPUT ${copy} DEPENDS ${lib} VERBATIM
      COMMAND ${CMAKE_OBJCOPY} --wildcard --weaken-symbol=xml* --weaken-symbol=html* --weaken-symbol=curl_*
        --weaken-symbol=lws_* --weaken-symbol=deflate* --weaken-symbol=uv_*
        --weaken-symbol=HMAC --weaken-symbol=EVP_* --weaken-symbol=QRcode_* $<TARGET_FILE:${lib}> ${copy})
    list(PREPEND copies ${copy}) # bot before kb
  endforeach()
  add_custom_target(${target}_late DEPENDS ${copies})
  target_link_options(${target} PRIVATE -Wl,-z,lazy -Wl,-z,dynamic-undefined-weak
    $<$<BOOL:${GUIDEPOST_PACKED}>:-Wl,-z,pack-relative-relocs>)
  target_link_libraries(${target} PRIVATE flags $<TARGET_FILE:adapters> ${copies} ${INSIDE} PkgConfig::CJSON
    Threads::Threads m ${CMAKE_DL_LIBS})
  add_dependencies(${target} adapters ${target}_late)
endfunction()
