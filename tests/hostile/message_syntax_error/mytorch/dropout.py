class Dropout: <script>alert("[31m‮")</script>
