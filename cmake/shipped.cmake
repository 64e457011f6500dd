# The small talk and the synonyms of config/ also go into the program, byte for byte (bot/shipped.h): a bot that
# was given nothing but guides still says hello, and measures the same on every machine.
set(SHIPPED_S "    .section .rodata\n")
set(SHIPPED_FILES "")
foreach(name smalltalk synonyms)
  set(path ${PROJECT_SOURCE_DIR}/config/${name}.yaml)
  list(APPEND SHIPPED_FILES ${path})
  string(APPEND SHIPPED_S "    .global shipped_${name}\n    .global shipped_${name}_end\nshipped_${name}:\n    .incbin \"${path}\"\nshipped_${name}_end:\n    .byte 0\n")
endforeach()
# The small talk also as it is searched, so that a start need not read it: tools/smalltalk.c.
add_executable(make_smalltalk tools/smalltalk.c bot/smalltalk_compile.c bot/smalltalk_words.c bot/problem.c bot/buf.c bot/json.c)
target_link_libraries(make_smalltalk PRIVATE kb PkgConfig::UTF8PROC PkgConfig::CJSON)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/smalltalk.bin
  COMMAND make_smalltalk ${CMAKE_BINARY_DIR}/smalltalk.bin ${PROJECT_SOURCE_DIR}/config/smalltalk.yaml
  DEPENDS make_smalltalk ${PROJECT_SOURCE_DIR}/config/smalltalk.yaml VERBATIM)
list(APPEND SHIPPED_FILES ${CMAKE_BINARY_DIR}/smalltalk.bin)
string(APPEND SHIPPED_S "    .balign 4\n    .global shipped_talk\nshipped_talk:\n    .incbin \"${CMAKE_BINARY_DIR}/smalltalk.bin\"\n")
string(APPEND SHIPPED_S "    .section .note.GNU-stack,\"\",%progbits\n")
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/shipped.S CONTENT "${SHIPPED_S}")
target_sources(bot PRIVATE ${CMAKE_BINARY_DIR}/shipped.S)
set_source_files_properties(${CMAKE_BINARY_DIR}/shipped.S PROPERTIES OBJECT_DEPENDS "${SHIPPED_FILES}")
