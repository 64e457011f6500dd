# General English, compiled into the program: tools/english.c makes the table of kb/english.c of SCOWL's lists of words,
# tools/related.c that of kb/related.c of WordNet. Both while building; nothing of them is needed to run. The number before
# each list is its tier in kb/english.h.
set(SCOWL /usr/share/dict/scowl CACHE PATH "The word lists of the package scowl")
set(WORDNET /usr/share/wordnet CACHE PATH "The files of the package wordnet-base")
if(NOT EXISTS ${WORDNET}/data.noun)
  message(FATAL_ERROR "The files of the package wordnet-base are missing in ${WORDNET}: run ./dev deps, or -DWORDNET=FOLDER")
endif()
if(NOT EXISTS ${SCOWL}/english-words.10)
  message(FATAL_ERROR "The word lists of the package scowl are missing in ${SCOWL}: run ./dev deps, or -DSCOWL=FOLDER")
endif()
set(ENGLISH_LISTS "")
set(ENGLISH_FILES "")
set(RELATED_FILES "")
foreach(list 1:words.10 2:words.20 3:words.35 4:words.40 4:words.50 5:words.55 5:words.60 6:words.70 1:contractions.10
    3:contractions.35 4:contractions.40 7:upper.10 7:upper.35 7:upper.40 7:upper.50 7:proper-names.50
    7:abbreviations.35 7:abbreviations.40 7:abbreviations.50)
  string(REPLACE ":" ";" list ${list})
  list(GET list 0 tier)
  list(GET list 1 name)
  foreach(kind english american british)
    if(EXISTS ${SCOWL}/${kind}-${name})
      list(APPEND ENGLISH_LISTS ${tier}:${SCOWL}/${kind}-${name})
      list(APPEND ENGLISH_FILES ${SCOWL}/${kind}-${name})
      if(name MATCHES "words\\.([1-4]|5)")
        list(APPEND RELATED_FILES ${SCOWL}/${kind}-${name})
      endif()
    endif()
  endforeach()
endforeach()

# They run here and now: without the sanitizers of the program.
foreach(table english related)
  add_executable(make_${table} tools/${table}.c)
  target_include_directories(make_${table} PRIVATE ${PROJECT_SOURCE_DIR})
endforeach()
target_link_libraries(make_related PRIVATE ${STEMMER_LIB})
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/english.bin
  COMMAND make_english ${CMAKE_BINARY_DIR}/english.bin ${ENGLISH_LISTS}
  DEPENDS make_english ${ENGLISH_FILES} VERBATIM)
file(GLOB WORDNET_FILES ${WORDNET}/index.* ${WORDNET}/data.* ${WORDNET}/cntlist.rev)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/related.bin
  COMMAND make_related ${CMAKE_BINARY_DIR}/related.bin ${WORDNET} ${RELATED_FILES}
  DEPENDS make_related ${WORDNET_FILES} ${RELATED_FILES} VERBATIM)
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/english.S CONTENT "    .section .rodata
    .balign 4
    .global english_table
english_table:
    .incbin \"${CMAKE_BINARY_DIR}/english.bin\"
    .balign 4
    .global related_table
related_table:
    .incbin \"${CMAKE_BINARY_DIR}/related.bin\"
    .section .note.GNU-stack,\"\",%progbits
")
target_sources(kb PRIVATE ${CMAKE_BINARY_DIR}/english.S)
set_source_files_properties(${CMAKE_BINARY_DIR}/english.S PROPERTIES
  OBJECT_DEPENDS "${CMAKE_BINARY_DIR}/english.bin;${CMAKE_BINARY_DIR}/related.bin")
